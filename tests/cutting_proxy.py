"""A proxy on loopback in front of a server, which cuts the connection when so many bytes of answers have passed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

PIECE: Final = 1 << 16  # bytes


@dataclass
class CuttingProxy:
    """`left` is how many bytes of answers may still pass, None: all; `passed` how many have. Asked again after a cut, it cuts at once."""

    url: str
    target: tuple[str, int]
    left: int | None = None
    passed: int = 0
    cut: int = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:  # closed
                return
            far = socket.create_connection(self.target)
            threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while piece := near.recv(PIECE):
                far.sendall(piece)
        with suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError), far, near:
            while piece := far.recv(PIECE):
                allowed = len(piece) if self.left is None else min(self.left, len(piece))
                near.sendall(piece[:allowed])
                self.passed += allowed
                if self.left is not None:
                    self.left -= allowed
                    if self.left == 0:
                        self.cut += 1
                        break
            for one in (near, far):  # closing alone would wait for the other thread
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def served_through(url: str) -> Iterator[CuttingProxy]:
    """A proxy in front of the server at `url`."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = CuttingProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", (parts.hostname or "127.0.0.1", parts.port or 80))
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
