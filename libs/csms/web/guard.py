"""What a request must pass before its body is read: limits, host and origin, and once its caller is known,
its content type and length. It is pure ASGI, so a request that is refused costs nothing more.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..access.callers import CALLER, NOBODY
from ..limits import Seconds, TokenBuckets, network_of, retry_after
from ..proxies import Peer, TrustedProxies
from ..settings import Settings
from .problems import problem
from .server import IN_PROCESS, is_loopback

BODY_TIMEOUT = 30.0
"""Seconds from the end of the headers to the end of the body."""

MAX_SIGN_IN_BYTES = 16 * 1024
"""Body of a request to sign in, which is read before it is known whose it is."""

BURST_SECONDS = 10
"""So many seconds' requests may come at once."""

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
HEALTH = ("/healthz", "/readyz")
DOCUMENTATION = ("/docs", "/openapi.json")

RESPONSE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every response. An endpoint that sets one of them itself keeps its own."""


REQUEST_ID = "csms.requestId"
"""Where the id of a request stands in its ASGI scope. Nothing on the wire can write there."""

REFUSED = frozenset({401, 403, 421, 429})
"""Statuses of requests that were not let through."""


class Guard:
    """An ASGI application around another one, which sees only what has passed."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        clock: Seconds = time.monotonic,
        refused: Callable[[Scope, int], None] = lambda scope, status: None,
    ) -> None:
        """``refused`` is called for each request that is not let through, here or later, with its status."""
        self._app = app
        self._refused = refused
        self._requests = requests_by(settings, clock)
        self._public_hosts: Sequence[str] = settings.public_hosts
        self._proxies = TrustedProxies(settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._behind_proxies(scope)
        request_id = scope[REQUEST_ID] = secrets.token_hex(8)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in REFUSED:
                    self._refused(scope, message["status"])
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in RESPONSE_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        address = scope["client"][0] if scope["client"] else ""
        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope), address)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _behind_proxies(self, scope: Scope) -> Scope:
        """The scope with the client and the scheme that a trusted proxy tells of."""
        if not self._proxies.networks or scope.get("client") is None:
            return scope
        headers, peer = Headers(scope=scope), Peer(*scope["client"])
        client = self._proxies.client(peer, headers.getlist("X-Forwarded-For"))
        tls = self._proxies.tls(peer, headers.getlist("X-Forwarded-Proto"))
        scheme = scope["scheme"] if tls is None else ("https" if tls else "http")
        return {**scope, "client": (client.host, client.port or 0), "scheme": scheme}

    def _refusal(self, method: str, path: str, headers: Headers, address: str) -> Response | None:
        """The response to a request that goes no further. Health is for probes, which know no host name."""
        if path in HEALTH:
            return None
        if not is_exempt(address) and (wait := self._requests.take(network_of(address))):
            return too_many(wait, "too many requests from this address")
        host = headers.get("Host", "")
        if not self._is_ours(host):
            return problem(421, "this host name is not served; CSMS_PUBLIC_HOSTS lists those that are")
        if method not in SAFE_METHODS and _is_cross_site(headers, host):
            return problem(403, "a page of another origin must not change anything here")
        return None

    def _is_ours(self, host: str) -> bool:
        """Else a foreign name that is resolved to this address would make a page of it same-origin."""
        name = _name_of(host)
        return is_loopback(name) or any(fnmatchcase(name, pattern) for pattern in self._public_hosts)


class BodyGuard:
    """An ASGI application around another one, which reads bodies of one type, bounded in length and time."""

    def __init__(self, app: ASGIApp, settings: Settings, type: str = "application/json") -> None:
        self._app = app
        self._type = type
        self._max_body_bytes = settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._max_body_bytes
        if scope.get(CALLER) is NOBODY:
            limit = min(limit, MAX_SIGN_IN_BYTES)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := self._refusal(scope["method"], Headers(scope=scope), limit):
            await refusal(scope, receive, send)
        elif _has_body(Headers(scope=scope)):
            await self._app(scope, self._bounded(receive, limit), send)
        else:
            await self._app(scope, _without_body(receive), send)

    def _refusal(self, method: str, headers: Headers, limit: int) -> Response | None:
        if method not in SAFE_METHODS and not _is_of(self._type, headers):
            return problem(415, f"a body must be {self._type}")
        length = headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > limit:
            return problem(413, _too_long(limit))
        return None

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        """Raises ``HTTPException`` where the body is too long, too slow or not whole."""
        received = 0
        is_complete = False
        deadline = asyncio.get_running_loop().time() + BODY_TIMEOUT

        async def bounded() -> Message:
            nonlocal received, is_complete
            if is_complete:  # what comes now is the end of the connection
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, f"the body did not arrive in {BODY_TIMEOUT:g} s") from None
            if message["type"] == "http.disconnect":
                raise HTTPException(400, "the connection ended before the body did")
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, _too_long(limit))
            is_complete = not message.get("more_body", False)
            return message

        return bounded


def _too_long(limit: int) -> str:
    return f"a body has at most {limit} bytes"


def requests_by(settings: Settings, clock: Seconds) -> TokenBuckets:
    """How many requests an address, or a caller, may send."""
    rate = settings.requests_per_second
    return TokenBuckets(rate, BURST_SECONDS * rate, clock=clock)


def is_exempt(address: str) -> bool:
    """Whether requests from there are not limited in number."""
    return address == IN_PROCESS or is_loopback(address)


def too_many(wait: float, detail: str) -> Response:
    return problem(429, f"{detail}; Retry-After says when to try again", {"Retry-After": retry_after(wait)})


def _name_of(host: str) -> str:
    """The host of a Host header or an authority, without its port, in lower case; empty if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_site(headers: Headers, host: str) -> bool:
    """Whether a browser sends it for a page of another origin. Programs send neither header."""
    if headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return True
    origin = headers.get("Origin")
    return origin is not None and origin.lower().partition("://")[2] != host.lower()


def _without_body(receive: Receive) -> Receive:
    """Nobody waits for a body that does not come, also where the client has hung up meanwhile."""
    is_complete = False

    async def received() -> Message:
        nonlocal is_complete
        if is_complete:
            return await receive()
        is_complete = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return received


def _has_body(headers: Headers) -> bool:
    return headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers


def _is_of(type: str, headers: Headers) -> bool:
    """Also if there is no body. Forms and plain text are what pages can send without asking."""
    if not _has_body(headers):
        return True
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() == type
