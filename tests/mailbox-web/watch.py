# SPDX-License-Identifier: BSD-2-Clause
"""Sees what a browser asks the network: every DNS question and every TCP connection, in a network
namespace of our own where nothing else is. Names below leak.test and `hosts` exist; no other does."""

import socket
import struct
import threading

DNS, SINK = "127.0.0.53", "127.0.0.99"
PORTS = (80, 443, 8080)
A, AAAA, NXDOMAIN = 1, 28, 3


def question(packet):
    """The name and type that are asked for (RFC 1035, section 4)."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace"))
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack("!H", packet[at + 1:at + 3])[0], packet[12:at + 5]


class Watch:
    """`names` asked for, and `connects` as (port, first line), since the last `forget`.
    `hosts`: more names that exist, and their addresses."""

    def __init__(self):
        self.names, self.connects, self.lock = [], [], threading.Condition()
        self.sockets, self.hosts = [], {}
        dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        dns.bind((DNS, 53))
        self._serve(self._answer, dns)
        for port in PORTS:
            sink = socket.create_server((SINK, port), backlog=64)
            self._serve(self._accept, sink, port)

    def _serve(self, work, sock, *more):
        self.sockets.append(sock)
        threading.Thread(target=work, args=(sock, *more), daemon=True).start()

    def _note(self, seen, what):
        with self.lock:
            seen.append(what)
            self.lock.notify_all()

    def _answer(self, dns):
        while True:
            packet, peer = dns.recvfrom(4096)
            name, kind, asked = question(packet)
            self._note(self.names, name)
            address = SINK if name == "leak.test" or name.endswith(".leak.test") else self.hosts.get(name)
            known = address is not None
            answer = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 0, 4) + socket.inet_aton(address) \
                if known and kind == A else b""
            flags = 0x8580 | (0 if known else NXDOMAIN)
            dns.sendto(packet[:2] + struct.pack("!HHHHH", flags, 1, 1 if answer else 0, 0, 0)
                       + asked + answer, peer)

    def _accept(self, sink, port):
        while True:
            peer, _ = sink.accept()
            self._note(self.connects, (port, ""))
            threading.Thread(target=self._read, args=(peer, port), daemon=True).start()

    def _read(self, peer, port):
        try:
            line = peer.recv(2048).split(b"\r\n")[0].decode("ascii", "replace")
            if line:
                self._note(self.connects, (port, line))
            peer.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n"
                         b"Access-Control-Allow-Origin: *\r\n\r\n")
            peer.close()
        except OSError:
            pass

    def forget(self):
        """Begins anew."""
        with self.lock:
            self.names.clear()
            self.connects.clear()

    def leaks(self):
        """Names below leak.test that were asked for, and connections."""
        with self.lock:
            return sorted({n for n in self.names if n.endswith(".leak.test")}), list(self.connects)

    def wait_for(self, name, seconds):
        """True as soon as that name was asked for."""
        with self.lock:
            return self.lock.wait_for(lambda: name in self.names, seconds)
