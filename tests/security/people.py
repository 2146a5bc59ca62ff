"""People of a CSMS in this process, with cheap hashes and a clock in the tests' hands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyotp
from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from libs.csms.access.callers import Caller
from libs.csms.access.keys import Keys
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Role, Scope
from libs.csms.access.sessions import CSRF_HEADER, LOOPBACK_COOKIE, Sessions
from libs.csms.pepper import Pepper
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from services.user.people.accounts import Accounts
from services.user.people.api import people_api
from services.user.people.passwords import Passwords
from services.user.people.sessions_api import sessions_api
from services.user.people.sign_in import SignIns
from services.user.people.users_api import users_api

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "four words of a song"
SHELL = Caller("csms", "service", frozenset(Scope))

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PEPPER = Pepper(b"0123456789abcdef" * 2)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


class People:
    """The user service, and another service in another process, on the same store."""

    def __init__(self, folder: Path, hasher: PasswordHasher = CHEAP, **settings: object) -> None:
        self.clock = Clock()
        self.store = SqliteStore(folder / "csms.db")
        self.settings = load(**{"failed_logins_per_minute": 10_000} | settings)
        self.keys = Keys.of(self.store, self.clock)
        self.accounts = Accounts(Sessions.of(self.store, self.clock), Passwords(hasher))
        self.sign_ins = SignIns(self.accounts, PEPPER, self.settings)
        paths = APIRouter()
        paths.include_router(people_api(self.keys))
        paths.include_router(sessions_api(self.sign_ins))
        paths.include_router(users_api(self.accounts))
        self.user = create_app("User", paths, self.settings, keys=self.keys, sessions=self.accounts.sessions)
        self.other_sessions = Sessions.of(self.store, self.clock)
        self.other = self._other_service()

    def _other_service(self) -> FastAPI:
        router = ScopedRouter(Scope.STATIONS_READ, Scope.STATIONS_WRITE)

        @router.get("/things")
        async def read() -> int:
            return 1

        @router.post("/things")
        async def write() -> int:
            return 2

        keys = Keys.of(self.store, self.clock)
        return create_app("Other", router, self.settings, keys=keys, sessions=self.other_sessions)

    async def add(self, id: str = "anna", role: Role = Role.ADMIN, **more: object) -> None:
        await self.accounts.create(id, id.title(), PASSWORD, SHELL, role, **more)  # type: ignore[arg-type]

    def browser(
        self, app: ASGIApp | None = None, url: str = "http://localhost", address: str = "127.0.0.1"
    ) -> httpx.AsyncClient:
        """Which keeps cookies."""
        transport = httpx.ASGITransport(app or self.user, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=url)

    @asynccontextmanager
    async def signed_in(self, id: str = "anna") -> AsyncIterator[httpx.AsyncClient]:
        """A browser that also sends the CSRF token."""
        async with self.browser() as http:
            answer = await sign_in(http, id)
            assert answer.status_code == 201, answer.text
            http.headers[CSRF_HEADER] = answer.json()["csrfToken"]
            yield http

    def elsewhere(self, browser: httpx.AsyncClient) -> httpx.AsyncClient:
        """The same browser at the other service: cookies know no ports."""
        other = self.browser(self.other)
        other.cookies, other.headers = browser.cookies, browser.headers
        return other

    def code(self, secret: str) -> str:
        """Which the app shows now."""
        return pyotp.TOTP(secret).at(self.clock.now)

    async def with_second_factor(self, browser: httpx.AsyncClient) -> tuple[str, list[str]]:
        """The secret of the app, and the recovery codes."""
        secret = (await browser.post("/me/totp", json={"password": PASSWORD})).json()["secret"]
        confirmed = await browser.post("/me/totp/confirm", json={"oneTimePassword": self.code(secret)})
        assert confirmed.status_code == 200, confirmed.text
        return secret, confirmed.json()["recoveryCodes"]


async def sign_in(
    http: httpx.AsyncClient, user: str = "anna", password: str = PASSWORD, code: str | None = None
) -> httpx.Response:
    body = {"user": user, "password": password} | ({} if code is None else {"oneTimePassword": code})
    return await http.post("/sessions", json=body)


def cookie_of(http: httpx.AsyncClient) -> str:
    value = http.cookies.get(LOOPBACK_COOKIE)
    assert value is not None
    return value


async def status(http: httpx.AsyncClient, path: str = "/me") -> int:
    return (await http.get(path)).status_code
