"""The sockets that services listen on, and how the HTTP API of a service is served and reached by others."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from ipaddress import ip_address
from random import uniform
from typing import Any, cast

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..access.callers import CALLER, Caller
from ..limits import OpenByAddress
from ..proxies import Peer, TrustedProxies
from ..settings import BadSetting, Settings

ACCEPT_BACKLOG = 1024
"""Connections that wait to be accepted."""

HEADER_TIMEOUT = 10.0
"""Seconds from the connection, or the first byte of a later request, to the end of the headers."""

MAX_HEADER_BYTES = 64 * 1024
"""Of one request."""

LATE_BODY_TIMEOUT = 1.0
"""Seconds for the rest of a body once its request is answered: the client may read why it was refused."""

MAX_LATE_BODY_BYTES = 64 * 1024
"""Of that rest, which nobody reads any more."""

TOO_MANY_DELAY = 1.0, 3.0
"""Seconds until a 429 is answered, at least and at most: whoever asks or guesses too often waits, where he
would ask again. Each waits for another time, or else all that were slowed down once would come back together.
"""

SHUTDOWN_TIMEOUT = 3
"""Seconds for the requests in work when a service stops."""


IN_PROCESS = "in-process"
"""The address of other services of this process: nobody on this machine can be in their way."""


class _Protocol(HttpToolsProtocol):
    """HTTP on one connection, which is closed if the headers of a request are too slow or too long, or if a
    body goes on for long after its request was answered; at once if its address has too many.
    """

    def __init__(self, *args: Any, connections: OpenByAddress, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connections = connections

    _header_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _late_body_timer: asyncio.TimerHandle | None = None
    _late_body_bytes = 0
    _is_message_complete = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()
        if not self._connections.begin(self._peer):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._header_bytes += len(data)
        super().data_received(data)
        if self._header_timer is not None and self._header_bytes > MAX_HEADER_BYTES:
            self.transport.close()
        if self._late_body_timer is not None:
            self._late_body_bytes += len(data)
            if self._late_body_bytes > MAX_LATE_BODY_BYTES:
                self.flow.pause_reading()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_message_complete = False
        if self._header_timer is None:
            self._expect_headers()

    def on_headers_complete(self) -> None:
        self._expect_no_headers()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_message_complete = True
        self._expect_no_late_body()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self._is_message_complete:
            self._late_body_bytes = 0
            self._late_body_timer = self.loop.call_later(LATE_BODY_TIMEOUT, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_no_headers()
        self._expect_no_late_body()
        self._connections.end(self._peer)
        super().connection_lost(exc)

    @property
    def _peer(self) -> Peer:
        return Peer(*(self.client or ("", 0)))

    def _expect_headers(self) -> None:
        self._header_bytes = 0
        self._header_timer = self.loop.call_later(HEADER_TIMEOUT, self.transport.close)

    def _expect_no_headers(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _expect_no_late_body(self) -> None:
        if self._late_body_timer is not None:
            self._late_body_timer.cancel()
            self._late_body_timer = None


class _Server(uvicorn.Server):
    def __init__(self, app: ASGIApp, started: Callable[[], None], connections: OpenByAddress) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=cast(type[_Protocol], partial(_Protocol, connections=connections)),
                log_config=None,
                server_header=False,
                proxy_headers=False,  # the guard knows which proxies are trusted
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
            )
        )
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for ``libs.csms.lifespan``, once for the whole process."""
        yield


def bind(host: str, port: int, variable: str) -> socket.socket:
    """Listens from now on. Raises ``BadSetting`` naming ``variable``, from which the port is."""
    try:
        return socket.create_server((host, port), backlog=ACCEPT_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"{host}:{port} is in use; set {variable} to another port"
        else:
            problem = f"cannot listen on {host}:{port}: {error.strerror}"
        raise BadSetting(f"{variable}={port}: {problem}") from error


async def serve(
    app: FastAPI, settings: Settings, listener: socket.socket, started: Callable[[], None]
) -> None:
    """Serve until cancelled, then finish what is being answered. ``started``: connections are accepted."""
    maximum = None if is_loopback(settings.host) else settings.connections_per_address
    connections = OpenByAddress("connections", maximum, TrustedProxies(settings.trusted_proxies))
    server = _Server(_slow_for_too_many(app), started, connections)
    try:
        await server.serve(sockets=[listener])
    finally:
        if server.started and not server.should_exit:
            await server.shutdown(sockets=[listener])
        listener.close()


async def slow_down() -> None:
    """Waits as long as a 429 has to."""
    await asyncio.sleep(uniform(*TOO_MANY_DELAY))


def _slow_for_too_many(app: ASGIApp) -> ASGIApp:
    """Around what is served on a socket: a 429 is answered later, whatever it is for."""

    async def slowed(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_later(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 429:
                await slow_down()
            await send(message)

        await app(scope, receive, send_later)

    return slowed


def proxied(app: FastAPI) -> httpx.AsyncClient:
    """A client of an API of this process for who asks in the name of others, as a reverse proxy does: the API
    finds out itself who they are, and believes the address in ``X-Forwarded-For``.
    """

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        address = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode()
        await app({**scope, "client": (address, 0)}, receive, send)

    transport = httpx.ASGITransport(called, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def inside(app: FastAPI, caller: Caller) -> httpx.AsyncClient:
    """A client of an API of this process, which reaches it without a socket and needs no key."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CALLER: caller}, receive, send)

    transport = httpx.ASGITransport(called, raise_app_exceptions=False, client=(IN_PROCESS, 0))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


@lru_cache
def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
