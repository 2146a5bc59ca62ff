"""ID tokens with which services ask each other on Cloud Run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from google.auth.exceptions import RefreshError

from libs.csms.access.callers import SERVICES, TheCaller
from libs.csms.access.google_id_tokens import (
    RENEWAL,
    RETRY_INTERVAL,
    IdToken,
    IdTokenAuth,
    NoIdToken,
)
from libs.csms.access.identity import Identity
from libs.csms.access.routes import ScopedRouter, needs
from libs.csms.access.scopes import Scope
from libs.csms.access.token_callers import IdentityTokens
from libs.csms.clients.admission import HttpAdmission, NotAdmitted
from libs.csms.settings import load
from libs.csms.web.app import create_app

from .token_issuer import TokenIssuer

ROOT = Path(__file__).parents[2]
DEVICE = "https://device.example"
ACCOUNT = "csms-gateway@p.iam.gserviceaccount.com"
LIFETIME = timedelta(hours=1)


class Metadata:
    """Stands for the metadata server: what it gives, and how often it was asked."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.issuer = issuer
        self.account = ACCOUNT
        self.asked: list[str] = []
        self.fails = False

    def fetch(self, audience: str) -> IdToken:
        self.asked.append(audience)
        if self.fails:
            raise RefreshError("no metadata server")
        now = self.issuer.clock.now
        text = self.issuer.service_token(
            self.account,
            aud=audience,
            iat=int(now.timestamp()),
            exp=int((now + LIFETIME).timestamp()),
        )
        return IdToken(text, now + LIFETIME)


@pytest.fixture
def metadata() -> Metadata:
    return Metadata(TokenIssuer())


def device(issuer: TokenIssuer) -> httpx.ASGITransport:
    """A service that other services ask."""
    router = ScopedRouter(Scope.STATIONS_READ)

    @router.get("/me", openapi_extra=needs())
    async def me(caller: TheCaller) -> list[str]:
        return [caller.kind, caller.id, *sorted(caller.scopes)]

    @router.get("/things")
    async def things() -> int:
        return 1

    settings = load(
        host="0.0.0.0",
        service_accounts=f"gateway={ACCOUNT},user=csms-user@p.iam.gserviceaccount.com",
        service_audience=DEVICE,
    )
    tokens = IdentityTokens.of(settings, issuer.clock, issuer.transport)
    app = create_app("Device", router, load(public_hosts="device.example"))
    return httpx.ASGITransport(Identity(app, settings, None, {}, tokens=tokens))


def client(metadata: Metadata, url: str = DEVICE) -> httpx.AsyncClient:
    auth = IdTokenAuth(url, metadata.issuer.clock, metadata.fetch)
    return httpx.AsyncClient(transport=device(metadata.issuer), base_url=url, auth=auth)


async def test_a_service_is_who_its_account_is_and_may_do_no_more(metadata: Metadata) -> None:
    async with client(metadata) as http:
        me, things = await http.get("/me"), await http.get("/things")

    assert me.json() == ["service", "gateway", *sorted(SERVICES["gateway"].scopes)]
    assert (things.status_code, things.json()["missingScope"]) == (403, "stations:read")
    assert metadata.asked == [DEVICE]


async def test_an_account_that_is_of_no_service_is_refused(metadata: Metadata) -> None:
    metadata.account = "somebody@p.iam.gserviceaccount.com"
    async with client(metadata) as http:
        assert (await http.get("/me")).status_code == 401


async def test_a_token_for_one_service_does_not_count_at_another(metadata: Metadata) -> None:
    async with client(metadata, "https://user.example") as http:
        answer = await http.get("/me")
    assert answer.status_code == 401
    assert metadata.asked == ["https://user.example"]


async def test_the_token_is_in_the_header_that_cloud_run_looks_at_too(metadata: Metadata) -> None:
    """It takes the signature out of the one that it looks at, which then proves nothing to the service."""
    auth = IdTokenAuth(DEVICE, metadata.issuer.clock, metadata.fetch)
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=DEVICE, auth=auth) as http:
        await http.get("/things")
    [headers] = sent
    assert headers["Authorization"] == headers["X-Serverless-Authorization"]
    assert headers["Authorization"].startswith("Bearer eyJ")


async def test_a_token_is_fetched_again_five_minutes_before_its_end(metadata: Metadata) -> None:
    clock = metadata.issuer.clock
    async with client(metadata) as http:
        statuses = [(await http.get("/me")).status_code]
        clock.now += LIFETIME - RENEWAL - timedelta(seconds=1)
        statuses.append((await http.get("/me")).status_code)
        before = len(metadata.asked)
        clock.now += timedelta(seconds=1)
        statuses.append((await http.get("/me")).status_code)

    assert (statuses, before, len(metadata.asked)) == ([200, 200, 200], 1, 2)


async def test_a_token_counts_to_its_end_while_there_is_no_newer_one(metadata: Metadata) -> None:
    clock = metadata.issuer.clock
    async with client(metadata) as http:
        await http.get("/me")
        metadata.fails = True
        clock.now += LIFETIME - timedelta(seconds=1)
        assert (await http.get("/me")).status_code == 200
        assert (await http.get("/me")).status_code == 200
        assert len(metadata.asked) == 2
        clock.now += timedelta(seconds=1)
        with pytest.raises(NoIdToken):
            await http.get("/me")

        metadata.fails = False
        clock.now += RETRY_INTERVAL
        assert (await http.get("/me")).status_code == 200


async def test_a_hundred_requests_at_once_fetch_one_token(metadata: Metadata) -> None:
    async with client(metadata) as http:
        answers = await asyncio.gather(*(http.get("/me") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(metadata.asked) == 1


async def test_without_a_token_no_station_is_admitted_and_none_is_told_to_stay_away(
    metadata: Metadata,
) -> None:
    metadata.fails = True
    async with client(metadata) as http:
        for _ in range(3):
            with pytest.raises(NotAdmitted) as refused:
                await HttpAdmission(http).admit("CS1", "", True)
            assert (refused.value.status, refused.value.reason) == (503, None)
    assert len(metadata.asked) == 1


@contextmanager
def metadata_server(token: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Answers as that of Google does, on loopback."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            is_token = url.path.endswith("/identity")
            if is_token:
                asked.append({**parse_qs(url.query), "flavor": self.headers["Metadata-Flavor"]})
            self.send_response(200)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("Content-Type", "application/text" if is_token else "application/json")
            self.end_headers()
            self.wfile.write(token.encode() if is_token else orjson.dumps({"email": ACCOUNT}))

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_metadata_server_is_asked_as_google_wants_it(metadata: Metadata) -> None:
    """In a process of its own, because google-auth reads its address when it is imported."""
    expected = metadata.fetch(DEVICE)
    with metadata_server(expected.text) as (address, asked):
        printed = subprocess.run(
            [
                sys.executable,
                "-c",
                "from libs.csms.access.google_id_tokens import fetch\n"
                f"token = fetch({DEVICE!r}); print(token.text, token.expires_at.isoformat())",
            ],
            cwd=ROOT,
            env=os.environ | {"GCE_METADATA_HOST": address, "GCE_METADATA_IP": address},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    assert printed.split() == [expected.text, expected.expires_at.isoformat()]
    assert asked == [{"audience": [DEVICE], "format": ["full"], "flavor": "Google"}]
