"""What stands before every route: who may call, from where, and with how much.

Against DNS rebinding the Host header must name this machine while it listens on loopback; against forged requests the Origin of what a
browser posts must be the page itself (OWASP, "Cross-Site Request Forgery Prevention", "Verifying Origin With Standard Headers").
"""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import FootnoteError, UsageError
from qa.settings import LOOPBACK, Settings
from qa.wire import ErrorForm

logger = logging.getLogger(__name__)

BODY_LIMIT: Final = 1_000_000  # bytes that a body of the endpoint may have
PAGE_BODY_LIMIT: Final = 8_000_000  # the page sends the whole conversation back
OPEN: Final = ("/healthz", "/readyz")
COOKIE: Final = "footnote_token"
READING: Final = ("GET", "HEAD", "OPTIONS")
HEADERS: Final = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}


class UnauthorizedError(FootnoteError):
    status = 401


class ForbiddenError(FootnoteError):
    status = 403


class TooLargeError(FootnoteError):
    status = 413


class InternalError(FootnoteError):
    """Something that should not happen has happened; the log tells what."""


class Guard:
    """An ASGI application that lets the requests through to `app` that it finds in order, and answers the others itself."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._token = settings.token.encode() if settings.token else None
        self._hosts = {*LOOPBACK, settings.host} if settings.host in LOOPBACK else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        try:
            self._check_host(headers)
            if self._token and await self._enter(scope, headers, self._token, send):
                return
            _check_origin(scope, headers)
            if scope["method"] not in READING:
                receive = _replay(await _read(scope, headers, receive), receive)
        except FootnoteError as error:
            await refuse(error, send)
            return
        await self._call(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Calls the application; an error that it does not expect is logged and answered, unless half an answer is on its way."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if started:
                raise
            await refuse(known(error), send)

    def _check_host(self, headers: Mapping[str, str]) -> None:
        host = _host_name(headers.get("host", ""))
        if self._hosts is not None and host not in self._hosts:
            raise ForbiddenError(f"Footnote is not known as {host or 'nobody'} here", "Use http://127.0.0.1, or set FOOTNOTE_HOST.")

    async def _enter(self, scope: Scope, headers: Mapping[str, str], token: bytes, send: Send) -> bool:
        """Raises UnauthorizedError without the token. True when the token came in the address: answered with a cookie instead of it."""
        if scope["path"] in OPEN:
            return False
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and any(_same(value, token) for name, value in query if name == "token"):
            await _give_cookie(scope, [pair for pair in query if pair[0] != "token"], token, send)
            return True
        if not (_bearer(headers, token) or _same(_cookie(headers), _pass(token).encode())):
            hint = "Send 'Authorization: Bearer TOKEN'; in a browser open this address once with ?token=TOKEN."
            raise UnauthorizedError("A token is required", hint)
        return False


def known(error: Exception) -> FootnoteError:
    """`error`, or where it is not one of ours an error that says so, with the true one in the log."""
    if isinstance(error, FootnoteError):
        return error
    logger.error("A request failed", exc_info=error)
    return InternalError("Something went wrong inside Footnote", "The log of the server tells what; please report it.")


async def refuse(error: FootnoteError, send: Send, headers: Mapping[str, str] | None = None) -> None:
    """Answer with `error` in the endpoint's own form."""
    extra = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, TooLargeError):
        extra["connection"] = "close"  # the rest of the body is still on its way
    body = ErrorForm.of_error(error).model_dump_json().encode()
    await _respond(error.status, {"content-type": "application/json", **extra, **(headers or {})}, body, send)


async def _respond(status: int, headers: Mapping[str, str], body: bytes, send: Send) -> None:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            added = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in present]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sending


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _host_name(host: str) -> str:
    """`::1` of `[::1]:7860`, `localhost` of `LOCALHOST.:80`; empty where it cannot be read."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _check_origin(scope: Scope, headers: Mapping[str, str]) -> None:
    origin = headers.get("origin")
    if scope["method"] in READING or origin is None:
        return
    if origin.partition("://")[2].lower() != headers.get("host", "").lower():
        raise ForbiddenError(f"Requests from {origin} are not let through", "Call from the page itself, or without an Origin header.")


def _same(given: str, wanted: bytes) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted)


def _bearer(headers: Mapping[str, str], token: bytes) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("latin-1"), token)


def _pass(token: bytes) -> str:
    """What the cookie holds: cookies go to every port of a host, so it must not be the token itself."""
    return hmac.new(token, b"the page of Footnote", hashlib.sha256).hexdigest()


def _cookie(headers: Mapping[str, str]) -> str:
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


async def _give_cookie(scope: Scope, query: list[tuple[str, str]], token: bytes, send: Send) -> None:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    path = "/" + quote(scope["path"].lstrip("/"))  # '//elsewhere' would be an address of another host
    headers = {
        "set-cookie": f"{COOKIE}={_pass(token)}; Path=/; HttpOnly; SameSite=Lax{secure}",
        "location": f"{path}?{urlencode(query)}" if query else path,
        "cache-control": "no-store",
    }
    await _respond(303, headers, b"", send)


async def _read(scope: Scope, headers: Mapping[str, str], receive: Receive) -> bytes:
    """The whole body, in chunks or not. Raises TooLargeError as soon as it is known to be too large, UsageError when it ends early."""
    limit = BODY_LIMIT if scope["path"].startswith("/v1/") else PAGE_BODY_LIMIT
    error = TooLargeError(f"The body is over {limit:,} bytes", "Send less, for instance fewer messages of the history.")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise error
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise UsageError("The body ended early")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise error
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` first, then what comes after it (that the client has gone)."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
