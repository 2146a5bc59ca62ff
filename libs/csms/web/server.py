"""The sockets that services listen on, and how the HTTP API of a service is served and reached by others."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import httpx
import uvicorn
from fastapi import FastAPI

from ..settings import BadSetting, Settings

ACCEPT_BACKLOG = 1024
"""Connections that wait to be accepted."""

SHUTDOWN_TIMEOUT = 3
"""Seconds for the requests in work when a service stops."""


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI, started: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
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


def api_host(settings: Settings) -> str:
    """The address of the HTTP APIs. Raises ``BadSetting`` if others could use them without a token."""
    if settings.api_token is None and not is_loopback(settings.host):
        raise BadSetting(
            f"CSMS_HOST={settings.host} needs CSMS_API_TOKEN: an API without one is for loopback"
        )
    return settings.host


async def serve(app: FastAPI, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serve until cancelled, then finish what is being answered. ``started``: connections are accepted."""
    server = _Server(app, started)
    try:
        await server.serve(sockets=[listener])
    finally:
        if server.started and not server.should_exit:
            await server.shutdown(sockets=[listener])
        listener.close()


def inside(app: FastAPI, settings: Settings) -> httpx.AsyncClient:
    """A client of an API of this process, which reaches it without a socket."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://inside", headers=bearer(settings))


def bearer(settings: Settings) -> dict[str, str]:
    """The headers with which services ask each other."""
    token = settings.api_token
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
