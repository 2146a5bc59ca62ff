"""How the HTTP API of a service is served, and how other services reach it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import httpx
import uvicorn
from fastapi import FastAPI

from ..settings import BadSetting, Settings


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for ``libs.csms.lifespan``, once for the whole process."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Listens from now on. Raises ``BadSetting`` if the address is taken or none of this machine."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise BadSetting(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from error


async def serve(app: FastAPI, settings: Settings, port: int) -> None:
    """Serve until cancelled, then finish what is being answered.

    Raises ``BadSetting`` in its first step, also where other machines could use the API without a token.
    """
    if settings.api_token is None and not is_loopback(settings.host):
        raise BadSetting(
            f"CSMS_HOST={settings.host} needs CSMS_API_TOKEN: an API without one is for loopback"
        )
    listener = bind(settings.host, port)
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
    )
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
