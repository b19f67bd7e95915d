"""A plain proxy that hands requests to servers in turn, and on to the next one where a server does not answer. Nothing is held back."""

import http.client
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

REPLICA: Final = "x-replica"  # the header that tells which server has answered
OURS: Final = ("connection", "transfer-encoding", "keep-alive")


class Proxy(ThreadingHTTPServer):
    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.places = [urlsplit(url).netloc for url in urls]
        self._turn = itertools.count()

    def in_turn(self) -> list[str]:
        """All servers, the one whose turn it is first."""
        first = next(self._turn) % len(self.places)
        return self.places[first:] + self.places[:first]


class Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {**self.headers, "X-Forwarded-For": self.client_address[0]}
        for place in self.server.in_turn():
            connection = http.client.HTTPConnection(place, timeout=60)
            try:
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
            except (OSError, http.client.HTTPException):
                continue
            self._pass_on(place, response)
            return
        self.send_error(502)

    def do_POST(self) -> None:
        self.do_GET()

    def _pass_on(self, place: str, response: http.client.HTTPResponse) -> None:
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in OURS:
                self.send_header(name, value)
        self.send_header(REPLICA, place)
        self.end_headers()
        while piece := response.read1():
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@contextmanager
def round_robin(urls: Sequence[str]) -> Iterator[str]:
    """The address of a proxy before the servers at these addresses."""
    server = Proxy(urls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
