"""The port that the server listens on: taking it, and telling who has it."""

import errno
import http.client
import json
import socket
from typing import Final

from qa.errors import FootnoteError

WAIT: Final = 1.0  # seconds that another server has to say who it is


class PortError(FootnoteError):
    """The address cannot be listened on."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port` (0: any free one). Raises PortError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortError(f"There is no address {host} here: {error.strerror or error}", "Set FOOTNOTE_HOST to 127.0.0.1.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left by the last run is free
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise _refused(error, host, port) from error
    return listener


def address(listener: socket.socket, host: str) -> str:
    """`http://127.0.0.1:7860/` for a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}/"


def footnote_at(host: str, port: int) -> str | None:
    """The version of the Footnote that answers there; None where something else does, or nothing."""
    connection = http.client.HTTPConnection(host, port, timeout=WAIT)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        told = json.loads(connection.getresponse().read(1000))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return str(told.get("version")) if isinstance(told, dict) and told.get("name") == "footnote" else None


def _refused(error: OSError, host: str, port: int) -> PortError:
    if error.errno == errno.EADDRINUSE:
        return taken(host, port)
    hint = "Use a port above 1023, or `--port 0` for a free one." if error.errno == errno.EACCES else "Set FOOTNOTE_HOST to 127.0.0.1."
    return PortError(f"Cannot listen on {host}, port {port}: {error.strerror}", hint)


def taken(host: str, port: int) -> PortError:
    """What to say of a port that is in use."""
    version = footnote_at(host, port)
    who = f"Footnote {version} already runs there" if version else "another program uses it"
    return PortError(f"Port {port} of {host} is taken: {who}", "Stop it, or choose another port: `--port 0` takes a free one.")
