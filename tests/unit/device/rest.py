"""The REST API of the device service, built once because building its hundred paths is slow."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache, reduce
from typing import Any, cast

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.csms.settings import Settings
from services.device.app import app_of
from services.device.service import Device

_present: ContextVar[Device | None] = ContextVar("present", default=None)


class _Present:
    """A part of the device of the test whose request this is."""

    def __init__(self, *path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        device = _present.get()
        if device is None:  # while the API is put together
            return _Present(*self._path, name)
        return reduce(getattr, (*self._path, name), device)

    def __call__(self, *args: Any) -> Any:
        return reduce(getattr, self._path, cast(Any, _present.get()))(*args)


@cache
def _app() -> ASGIApp:
    return app_of(cast(Device, _Present()), Settings(_env_file=None))


def client_of(device: Device) -> httpx.AsyncClient:
    app = _app()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        before = _present.set(device)
        try:
            await app(scope, receive, send)
        finally:
            _present.reset(before)

    return httpx.AsyncClient(transport=httpx.ASGITransport(serve), base_url="http://device")
