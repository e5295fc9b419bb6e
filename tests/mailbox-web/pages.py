# SPDX-License-Identifier: BSD-2-Clause
"""The built pages, served by themselves: with the headers that postseal-mailbox-api(5) promises,
and without a daemon. For what the pages' modules do alone."""

import http.server
import mimetypes
import os
import threading

HEADERS = {
    "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin", "X-DNS-Prefetch-Control": "off",
}
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html; charset=utf-8",
         ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}


def policies(directory):
    """What the file `csp` says, by path."""
    with open(f"{directory}/csp", encoding="ascii") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return dict(line.split(" ", 1) for line in lines)


class Pages:
    """Serves DIRECTORY on loopback; below /test/ the folder of these tests; and what `add` says."""

    def __init__(self, directory, tests):
        pages, self.extra, policy = self, {}, policies(directory)

        class Handler(http.server.BaseHTTPRequestHandler):
            """Knows files, and nothing else."""
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                """A file, or 404."""
                path = self.path.split("?")[0].lstrip("/") or "index.html"
                if path in pages.extra:
                    return self.answer(200, pages.extra[path], "text/html; charset=utf-8", {})
                base, name = (tests, path[5:]) if path.startswith("test/") else (directory, path)
                full = os.path.realpath(os.path.join(base, name))
                if not full.startswith(os.path.realpath(base)) or not os.path.isfile(full):
                    return self.answer(404, b"{}", "application/json", HEADERS)
                with open(full, "rb") as file:
                    kind = TYPES.get(os.path.splitext(full)[1]) or mimetypes.guess_type(full)[0]
                    own = {"Content-Security-Policy": policy[path]} if path in policy else {}
                    return self.answer(200, file.read(), kind, {**HEADERS, **own})

            def answer(self, status, body, kind, headers):
                """One whole answer."""
                self.send_response(status)
                for name, value in {**headers, "Content-Type": kind,
                                    "Content-Length": len(body)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Keeps quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, path, html):
        """A page of its own, without any policy."""
        self.extra[path] = html.encode()

    def close(self):
        """Serves no more."""
        self.server.shutdown()
        self.server.server_close()
