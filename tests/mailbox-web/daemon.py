# SPDX-License-Identifier: BSD-2-Clause
"""postseal-mailbox as it is, with its store in a directory of ours. Mail comes to it by LMTP with
a token as postseal-milter makes it; what it sends, a sink takes in Postfix's place. Before it
stands a web server, as an admin's would."""

import contextlib
import hashlib
import itertools
import os
import re
import socket
import subprocess
import types

from browser import Failed, until
from proxies import Nginx
from smtp_sink import Sink

DOMAIN = "sealed.praxis.example"



def free_port():
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """A running daemon behind a web server; `settings` are lines for its settings file."""
    counter = itertools.count(1)

    worlds = itertools.count(1)

    def __init__(self, build, directory, watch, settings="", proxy=Nginx):
        self.build, self.directory, self.process = build, directory, None
        self.sink = Sink()
        self.http, self.lmtp = free_port(), free_port()
        number = next(self.worlds)
        self.name, self.address = f"post{number}.praxis.example", f"127.0.1.{number}"
        watch.hosts[self.name] = self.address
        self.url = f"https://{self.name}"
        self.conf = os.path.join(directory, "postseal.conf")
        for name in "store", "keys", "run":
            os.mkdir(f"{directory}/{name}", 0o700)
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(f'''mailbox_domain = "{DOMAIN}"
mailbox_url = "{self.url}"
mailbox_listen = "inet:127.0.0.1:{self.http}"
mailbox_intake = "inet:127.0.0.1:{self.lmtp}"
mailbox_submit = "inet:127.0.0.1:{self.sink.port}"
mailbox_store = "{directory}/store"
mailbox_keys = "{directory}/keys"
mailbox_runtime = "{directory}/run"
mailbox_token_key = "{directory}/token.key"
mailbox_pages = "{os.path.abspath(build)}/web"
mailbox_name = "Praxis Dr. Berg"
mailbox_from = "post@praxis.example"
mailbox_message_size = 40
{settings}
''')
        self.proxy = proxy(f"{directory}/proxy", self.name, self.address, self.http)
        self.start()

    def start(self):
        """Starts it, and waits until it serves."""
        path = f"{self.directory}/mailbox.log"
        begun = os.path.getsize(path) if os.path.exists(path) else 0
        with open(path, "ab") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen([f"{self.build}/postseal-mailbox", "-c", self.conf],
                                            stdout=log, stderr=log)

        def ready():
            if self.process.poll() is not None:
                raise Failed(f"postseal-mailbox ended: {self.log()[-2000:]}")
            with open(path, encoding="utf-8") as file:
                file.seek(begun)
                return "READY" in file.read()
        until("postseal-mailbox is ready", ready)

    def stop(self):
        """Ends it as systemd does."""
        self.process.terminate()
        if self.process.wait() != 0:
            raise Failed(f"postseal-mailbox ended with {self.process.returncode}: {self.log()[-2000:]}")

    @contextlib.contextmanager
    def at_rest(self):
        """Stopped meanwhile."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def close(self):
        """Ends all of it."""
        self.proxy.close()
        if self.process.poll() is None:
            self.stop()
        self.sink.close()

    def log(self):
        """What the daemon said."""
        with open(f"{self.directory}/mailbox.log", encoding="utf-8") as file:
            return file.read()

    def someone(self, name):
        """An address that nobody has had."""
        return f"{name}.{next(self.counter)}@example.net"

    def send(self, sender, recipient, mail, pin=None):
        """A marked mail; returns the link mail's `code` (or None) and the receipt's `pin` (or None)."""
        token = subprocess.run(
            [f"{self.build}/tests/seal-token", f"{self.directory}/token.key", sender[1], recipient,
             *([pin] if pin else [])], check=True, capture_output=True,
            input=mail.encode()).stdout.decode().rstrip("\n")
        token = "\r\n".join(line.rstrip("\r") for line in token.split("\n"))
        sealed = recipient.replace("@", "=") + "@" + DOMAIN
        self._deliver(sender[1], sealed, f"X-Postseal-Seal-Token: {token}\r\n{mail}")
        link = self.sink.take(f"link mail to {recipient}", lambda one: one.recipient == recipient)
        receipt = self.sink.take("receipt", lambda one: one.recipient == sender[1] and
                                 one.subject.startswith(f"Sealed for {recipient}"))
        code = re.search(r"#v1\.([0-9A-Z]{28})", link.text)
        told = re.search(r"\b(\d{4,16})$", receipt.header("X-Postseal-PIN"))
        return types.SimpleNamespace(code=code[1] if code else None, pin=told[1] if told else None,
                                     mail=link, receipt=receipt)

    def _deliver(self, sender, recipient, mail):
        """LMTP, RFC 2033."""
        with socket.create_connection(("127.0.0.1", self.lmtp)) as lmtp, lmtp.makefile("rwb") as stream:
            def reply(wanted):
                while True:
                    line = stream.readline().decode()
                    if line[3:4] != "-":
                        break
                if not line.startswith(wanted):
                    raise Failed(f"the intake says {line!r}")

            def say(line, wanted):
                stream.write(line.encode() + b"\r\n")
                stream.flush()
                reply(wanted)
            reply("220")
            say("LHLO test.example", "250")
            say(f"MAIL FROM:<{sender}> BODY=8BITMIME", "250")
            say(f"RCPT TO:<{recipient}>", "250")
            say("DATA", "354")
            say(re.sub(r"(?m)^\.", "..", mail).removesuffix("\r\n") + "\r\n.", "250")
            say("QUIT", "221")

    def mail_to(self, recipient, wanted=lambda mail: True):
        """A mail to somebody that fits, as soon as it is there."""
        return self.sink.take(f"mail to {recipient}",
                              lambda one: one.recipient == recipient and wanted(one))

    def unlock(self, sender, recipient):
        """As the admin does."""
        subprocess.run([f"{self.build}/postseal", "mailbox", "unlock", "-c", self.conf, recipient, sender[1]],
                       check=True, capture_output=True)

    def digest(self):
        """Of all that is kept."""
        digest = hashlib.sha256()
        for base in "store", "keys":
            for folder, _, files in sorted(os.walk(f"{self.directory}/{base}")):
                for name in sorted(files):
                    if name == "lock.mdb" or name.endswith(".out"):
                        continue  # LMDB's table of readers; keys of what has left, which go
                    with open(os.path.join(folder, name), "rb") as file:
                        digest.update(f"{folder}/{name}\0".encode() + file.read())
        return digest.hexdigest()

    def sums(self):
        """Of the pages' files as they were built, but those that are not served."""
        with open(f"{self.build}/web/SHA256SUMS", encoding="utf-8") as file:
            sums = dict(reversed(line.rstrip("\n").split("  ", 1)) for line in file)
        return {name: told for name, told in sums.items() if name != "csp"}
