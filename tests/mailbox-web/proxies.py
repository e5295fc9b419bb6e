# SPDX-License-Identifier: BSD-2-Clause
"""The web servers before postseal-mailbox, each with its example for admins: as one would fit it to
a machine, in name, address, certificate and logs."""

import os
import socket
import subprocess

from browser import Failed, until

HERE = os.path.dirname(os.path.realpath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples", "mailbox")


def example(file, replaced):
    """The example's text, in which each of these stands."""
    with open(os.path.join(EXAMPLES, file), encoding="utf-8") as stream:
        text = stream.read()
    for written, here in replaced:
        if written not in text:
            raise Failed(f"{file} has no {written!r}")
        text = text.replace(written, here)
    return text


class Proxy:
    """One that runs, in a folder of its own, before `http`, a port of the daemon. All visitors are on
    this machine here, so X-Test-Client says from which network somebody comes."""
    logs_of = ()

    def __init__(self, base, name, address, http):
        self.base, self.name, self.address, self.http = base, name, address, http
        os.mkdir(base)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", f"{base}/privkey.pem", "-out", f"{base}/fullchain.pem", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
                       check=True, capture_output=True)
        with open(f"{base}/settings", "w", encoding="utf-8") as file:
            file.write(self.settings())
        with open(f"{base}/output.log", "ab") as output:
            # pylint: disable=consider-using-with
            self.running = subprocess.Popen(self.command(), stdout=output, stderr=output, cwd=base,
                                            env={**os.environ, "HOME": base, "XDG_DATA_HOME": base})
        until("the web server serves", self._serves)

    def settings(self):
        """Around the example, what a distribution has."""
        raise NotImplementedError

    def command(self):
        """How it is started."""
        raise NotImplementedError

    def _serves(self):
        if self.running.poll() is not None:
            raise Failed(f"it ended: {self.logs()}")
        with socket.socket() as probe:
            return probe.connect_ex((self.address, 443)) == 0

    def logs(self):
        """All that it wrote down."""
        text = ""
        for name in ("output.log", *self.logs_of):
            if os.path.exists(f"{self.base}/{name}"):
                with open(f"{self.base}/{name}", encoding="utf-8") as file:
                    text += file.read()
        return text

    def close(self):
        """Ends it."""
        self.running.terminate()
        self.running.wait()


class Nginx(Proxy):
    """By examples/mailbox/nginx.conf."""
    logs_of = "access.log", "error.log", "sealed.log", "sealed-error.log"

    def settings(self):
        inner = example("nginx.conf", (
            ("sealed.example.com", self.name), (f"/etc/letsencrypt/live/{self.name}", self.base),
            ("/var/log/nginx", self.base), ("listen 443 ssl", f"listen {self.address}:443 ssl"),
            ("    listen [::]:443 ssl;\n", ""), ("127.0.0.1:8690", f"127.0.0.1:{self.http}"),
            ("$remote_addr;", "$test_client;")))
        temporary = "\n".join(f"  {kind}_temp_path {self.base}/{kind};"
                              for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
user root;
daemon off;
worker_processes 1;
pid {self.base}/pid;
error_log {self.base}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {self.base}/access.log;
{temporary}
  map $http_x_test_client $test_client {{ default $http_x_test_client; "" $remote_addr; }}
{inner}
}}
"""

    def command(self):
        return ["nginx", "-p", self.base, "-c", f"{self.base}/settings", "-e", f"{self.base}/error.log"]


class Caddy(Proxy):
    """By examples/mailbox/Caddyfile."""
    logs_of = ("sealed.log",)

    def settings(self):
        inner = example("Caddyfile", (
            ("sealed.example.com {", f"https://{self.name} {{\n\tbind {self.address}\n"
             f"\ttls {self.base}/fullchain.pem {self.base}/privkey.pem\n"
             '\tmap {header.X-Test-Client} {test_client} {\n\t\t"" {remote_host}\n'
             "\t\tdefault {header.X-Test-Client}\n\t}"),
            ("/var/log/caddy", self.base), ("127.0.0.1:8690", f"127.0.0.1:{self.http}"),
            ("X-Forwarded-For {remote_host}", "X-Forwarded-For {test_client}")))
        # The block of what is for all of Caddy, which there can be once.
        head, mark, rest = inner.partition("\n{\n")
        return f"{head}{mark}\tadmin off\n\tauto_https off\n{rest}"

    def command(self):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", f"{self.base}/settings"]
