# SPDX-License-Identifier: BSD-2-Clause
"""A ledger with sample facts, and the programs that answer from it: postseal-socketmap,
postseal-webmail, and nginx with the example's settings."""

import base64
import datetime
import json
import os
import pwd
import re
import socket
import subprocess
import time

from browser import Failed, until

HOSTILE = "<img src=x onerror=document.title='owned'>"


def ago(seconds):
    """A date, so long before now."""
    when = datetime.datetime.fromtimestamp(int(time.time()) - seconds, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


HOUR, DAY = 3600, 86400
FRESH = {"checked": ago(HOUR), "expires": ago(-30 * DAY), "failing_since": None}
NO_STS = {**FRESH, "mode": "none", "id": None, "fetched": None, "until": None,
          "max_age": 0, "mx": [], "detail": None}


def history(tls=None, plain=None, cipher="TLS_AES_256_GCM_SHA384"):
    """TLS since `tls` seconds ago, missing for `plain` seconds."""
    seen = [ago(tls), ago((plain or 0) + HOUR)] if tls else []
    gone = [ago(plain)] if plain else []
    return {"first_tls": seen[0] if tls else None, "last_tls": seen[-1] if tls else None,
            "last_plain": gone[0] if plain else None,
            "best_version": "TLSv1.3" if tls else None, "last_version": "TLSv1.3" if tls else None,
            "last_cipher": cipher if tls else None,
            "handshakes": seen, "tls_days": seen, "plain_days": gone}


def provider(name, dane=False, observed="tls", hosts=("mx",), **seen):
    """The records of a domain and its hosts."""
    of_hosts = [f"{host}.{name}" for host in hosts]
    passed = history(**seen)
    yield {"record": "domain", "nexthop": name,
           "mx_lookup": {**FRESH, "state": "found", "dnssec": dane, "truncated": False,
                         "hosts": [{"host": host, "preference": 10} for host in of_hosts]},
           "mta_sts": NO_STS, "history": passed, "forgotten": None}
    for host in of_hosts:
        yield {"record": "host", "host": host, "port": 25,
               "address": {**FRESH, "state": "found", "dnssec": dane},
               "tlsa": {**FRESH, "state": "usable" if dane else "absent",
                        "usable": 2 if dane else 0, "unusable": 0, "base": host if dane else None},
               "probe": {"time": ago(HOUR), "source": "probe", "observed": observed,
                         "tls_version": passed["last_version"] if observed == "tls" else None,
                         "cipher": passed["last_cipher"] if observed == "tls" else None,
                         "spki_sha256": None,
                         "verified": None if observed != "tls" else "dane" if dane else "name",
                         "detail": None, "next": ago(-30 * DAY)},
               "history": passed}


def records():
    """All that the ledger is to hold, in the order of an export."""
    made = [
        *provider("dane.example", dane=True, hosts=("mx1", "mx2"), tls=400 * DAY),
        *provider("tls.example", tls=90 * DAY),
        *provider("plain.example", observed="plain", plain=HOUR),
        *provider("lost.example", observed="plain", tls=90 * DAY, plain=HOUR),
        *provider("hostile.example", tls=90 * DAY, cipher=HOSTILE),
        {"record": "override", "nexthop": "evil.example", "kind": "minimum", "level": "encrypt",
         "set": ago(DAY), "expires": None, "author": "ada", "reason": HOSTILE},
    ]
    order = ["domain", "host", "override"]
    return sorted(made, key=lambda r: (order.index(r["record"]), r.get("nexthop") or r["host"]))


class World:
    """Everything that runs, in a directory of its own."""

    def __init__(self, build, directory):
        self.build, self.directory = build, directory
        self.running = {}
        self.conf = os.path.join(directory, "postseal.conf")
        self.port = self._free_port()
        os.mkdir(f"{directory}/ledger")
        os.mkdir(f"{directory}/run")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(f'ledger = "{directory}/ledger"\nruntime = "{directory}/run"\n'
                       f'socketmap_listen = {{"inet:127.0.0.1:{self.port}"}}\n'
                       'resolver = {"127.0.0.1:9"}\n'
                       f'webmail_listen = "unix:{directory}/webmail.sock"\n'
                       f'webmail_clients = {{"{pwd.getpwuid(os.getuid()).pw_name}"}}\n')
        self._fill()
        self.socketmap()
        self._daemon("webmail")
        self.host = f"127.0.0.1:{self._free_port()}"
        self.login = {"Authorization": "Basic " + base64.b64encode(b"me@example.com:secret").decode()}
        self._nginx()
        self.url = f"http://{self.host}/"

    @staticmethod
    def _free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def _start(self, name, *command, **options):
        # pylint: disable=consider-using-with
        self.running[name] = subprocess.Popen(command, **options)
        return self.running[name]

    def stop(self, name):
        """Ends what runs, and waits for it."""
        process = self.running.pop(name)
        process.terminate()
        process.wait()

    def stop_all(self):
        """Ends everything."""
        for name in list(self.running):
            self.stop(name)

    def _daemon(self, name):
        log = f"{self.directory}/{name}.log"
        with open(log, "w", encoding="ascii") as file:
            process = self._start(name, f"{self.build}/postseal-{name}", "-c", self.conf,
                                  stdout=file, stderr=file)

        def ready():
            with open(log, encoding="ascii") as file:
                if "READY" in file.read():
                    return True
            if process.poll() is not None:
                raise Failed(f"postseal-{name} ended: see {log}")
            return False
        until(f"postseal-{name} is ready", ready)

    def _fill(self):
        """The prober makes a ledger; `postseal import` fills it."""
        self._daemon("prober")
        self.stop("prober")
        lines = [{"postseal": "ledger", "schema": 1}, *records()]
        lines.append({"record": "end", "records": len(lines) - 1})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        subprocess.run([f"{self.build}/postseal", "import", "-c", self.conf, "-"],
                       input=text, text=True, check=True, stdout=subprocess.DEVNULL)

    def socketmap(self):
        """Starts postseal-socketmap."""
        self._daemon("socketmap")

    def _nginx(self):
        """With the example's server {}, but for places."""
        place = self.directory
        with open("examples/webmail/nginx.conf", encoding="ascii") as file:
            server = file.read()
        for setting, value in (("listen", self.host), ("root", os.path.abspath("examples/webmail")),
                               ("auth_basic_user_file", f"{place}/users")):
            server = re.sub(rf"(\n +{setting}) [^;]*;", rf"\1 {value};", server)
        server = server.replace("unix:/run/postseal/webmail.sock", f"unix:{place}/webmail.sock")
        with open(f"{place}/users", "w", encoding="ascii") as file:
            file.write("me@example.com:{PLAIN}secret\n")
        kinds = ("body", "fastcgi", "proxy", "uwsgi", "scgi")
        paths = "".join(f"{'client_body' if kind == 'body' else kind}_temp_path {place}/{kind};\n" for kind in kinds)
        user = pwd.getpwuid(os.getuid()).pw_name
        with open(f"{place}/nginx.conf", "w", encoding="ascii") as file:
            file.write((f"user {user};\n" if user == "root" else "") +
                       f"pid {place}/pid;\nerror_log {place}/nginx.log;\ndaemon off;\nevents {{}}\n"
                       f"http {{\ninclude /etc/nginx/mime.types;\n{paths}{server}}}\n")
        self._start("nginx", "nginx", "-c", f"{place}/nginx.conf", stderr=subprocess.DEVNULL)

        def listening():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", int(self.host.rpartition(":")[2]))) == 0
        until("nginx listens", listening)

    def status(self, address):
        """What `postseal status --json` says."""
        told = subprocess.run([f"{self.build}/postseal", "status", "--json", "-c", self.conf, address],
                              check=False, capture_output=True, text=True)
        return told.stdout.rstrip("\n")
