"""The REST API of the device service, put together once: its hundred paths take longer than most tests."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any, cast

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.csms.settings import Settings
from services.device.app import app_of
from services.device.service import Device

_present: ContextVar[Device] = ContextVar("present")


class _PresentLog:
    def __getattr__(self, name: str) -> Any:
        return getattr(_present.get().message_log, name)


class _PresentDevice:
    """The device of the test whose request this is."""

    message_log = _PresentLog()

    def __getattr__(self, name: str) -> Any:
        return getattr(_present.get(), name)

    def clock(self) -> datetime:
        return _present.get().clock()


@cache
def _app() -> ASGIApp:
    return app_of(cast(Device, _PresentDevice()), Settings(_env_file=None))


def client_of(device: Device) -> httpx.AsyncClient:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        before = _present.set(device)
        try:
            await _app()(scope, receive, send)
        finally:
            _present.reset(before)

    return httpx.AsyncClient(transport=httpx.ASGITransport(serve), base_url="http://device")
