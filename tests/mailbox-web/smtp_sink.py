# SPDX-License-Identifier: BSD-2-Clause
"""Takes the mail that postseal-mailbox hands to Postfix, and keeps it for the tests."""

import email
import email.policy
import socketserver
import threading

from browser import PATIENCE, Failed


class Mail:
    """One mail, as it was handed over."""

    def __init__(self, sender, recipient, octets):
        self.sender, self.recipient, self.octets = sender, recipient, octets
        self.parsed = email.message_from_bytes(octets, policy=email.policy.default)

    def header(self, name):
        """Its text, or ""."""
        return str(self.parsed[name] or "")

    text_of = header

    @property
    def subject(self):
        """Decoded."""
        return self.header("Subject")

    @property
    def content_types(self):
        """Of all parts."""
        return [part.get_content_type() for part in self.parsed.walk()]

    @property
    def text(self):
        """Its first plain text."""
        return self.parsed.get_body(preferencelist=("plain",)).get_content()

    @property
    def files(self):
        """[(name, octets)...]"""
        return [(part.get_filename(), part.get_payload(decode=True))
                for part in self.parsed.iter_attachments()]

    @property
    def whole(self):
        """Headers and plain text."""
        return "".join(f"{name}: {value}\n" for name, value in self.parsed.items()) + self.text


class Sink:
    """An SMTP server on 127.0.0.1:PORT that accepts everything."""

    def __init__(self):
        self.mails, self.arrived = [], threading.Condition()
        sink = self

        class Session(socketserver.StreamRequestHandler):
            """One connection (RFC 5321)."""

            def say(self, line):
                """One reply."""
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                """Until QUIT."""
                self.say("220 sink.test ESMTP")
                sender, recipients = "", []
                for line in self.rfile:
                    command = line.decode("utf-8", "replace").rstrip("\r\n")
                    verb = command.split(":")[0].split(" ")[0].upper()
                    if verb == "EHLO":
                        self.say("250-sink.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
                                 "250-PIPELINING\r\n250 SIZE 100000000")
                    elif verb == "MAIL":
                        sender, recipients = command.split("<", 1)[1].split(">")[0], []
                        self.say("250 ok")
                    elif verb == "RCPT":
                        recipients.append(command.split("<", 1)[1].rsplit(">", 1)[0])
                        self.say("250 ok")
                    elif verb == "DATA":
                        self.say("354 go on")
                        sink.keep(sender, recipients, self.data())
                        self.say("250 kept")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

            def data(self):
                """What comes after DATA, without its dots."""
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    lines.append(line[1:] if line.startswith(b".") else line)
                return b"".join(lines)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, sender, recipients, octets):
        """Tells who waits."""
        with self.arrived:
            self.mails += [Mail(sender, recipient, octets) for recipient in recipients]
            self.arrived.notify_all()

    def take(self, what, wanted):
        """The first mail that fits, and no longer kept; waits for it."""
        def find():
            return next((mail for mail in self.mails if wanted(mail)), None)
        with self.arrived:
            if not self.arrived.wait_for(find, PATIENCE):
                raise Failed(f"no {what} came; there are: "
                             f"{[(mail.recipient, mail.subject) for mail in self.mails]}")
            mail = find()
            self.mails.remove(mail)
            return mail

    def close(self):
        """Takes no more."""
        self.server.shutdown()
        self.server.server_close()
