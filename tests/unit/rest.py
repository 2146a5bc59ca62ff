"""What is built once for all tests, because that is slow: the clients of REST APIs, and the settings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache, reduce
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.csms.settings import Settings
from libs.csms.web.app import create_app

SETTINGS = Settings(_env_file=None)
"""The defaults. They are read once for all tests, too."""

sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
"""httpx asks for this package in every request. Without it, Python looks for it in every folder each time."""

_present: ContextVar[tuple[Any, ...] | None] = ContextVar("present", default=None)


class _Present:
    """What the test whose request this is has given at that place, or an attribute of it."""

    def __init__(self, number: int, *path: str) -> None:
        self._number = number
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if _present.get() is None:  # while the API is put together
            return _Present(self._number, *self._path, name)
        return getattr(self._found(), name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._found()(*args, **options)

    def _found(self) -> Any:
        given = _present.get()
        assert given is not None, "called while the API is put together"
        return reduce(getattr, self._path, given[self._number])


@cache
def _app(build: Callable[..., APIRouter | FastAPI], parameters: int) -> ASGIApp:
    made = build(*map(_Present, range(parameters)))
    return made if isinstance(made, FastAPI) else create_app("CSMS", made, SETTINGS)


def client_of(build: Callable[..., APIRouter | FastAPI], *given: Any) -> httpx.AsyncClient:
    """Of the API that ``build`` makes of what is given, of which it may only take attributes meanwhile."""
    app = _app(build, len(given))

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        before = _present.set(given)
        try:
            await app(scope, receive, send)
        finally:
            _present.reset(before)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(serve),
        base_url="http://localhost",
        headers={"Content-Type": "application/json"},
    )
