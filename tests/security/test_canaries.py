"""Secrets go where they must and nowhere else: one of its own on every path, and none in what is kept.

A canary is a secret that is found again by its form alone, and that says which path it took.
"""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from libs.ocpp_messages.event import DEAD_LETTER, MESSAGE_REFUSED
from libs.ocpp_messages.message import Kind
from tests.e2e.station import Station

from .canary_paths import PATHS, VERSIONS, Aviary, Canaries
from .running_csms import running_csms

MESSAGES_THEMSELVES = {
    MESSAGE_REFUSED.name: "the message of the station, for the services that read it as if it had been valid",
    DEAD_LETTER.name: "the message itself, for the service that keeps of it what may be kept",
}
"""Events that carry a message as it came, and why. Their topics have the readers that the messages have."""


@pytest.fixture(scope="module")
async def aviary(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Aviary]:
    """After every path has been taken."""
    canary, folder = Canaries(), tmp_path_factory.mktemp("canaries")
    token = canary("API token")
    async with AsyncExitStack() as stack:
        pepper = base64.b64encode(f"{canary('pepper')} and some more".encode()).decode()
        audit_key = base64.b64encode(canary("audit key").ljust(32).encode()).decode()
        running = running_csms(folder, "DEBUG", api_token=token, pepper=pepper, audit_key=audit_key)
        csms = await stack.enter_async_context(running)
        http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30)
        flying = Aviary(csms, canary, await stack.enter_async_context(http), token)
        for id, version in {**VERSIONS, "offline": "2.0.1"}.items():
            await flying.ask("POST", "device", "/chargingstations", json={"id": id})
            secret = canary(f"secret of {id}")
            await flying.ask("POST", "device", f"/chargingstations/{id}/credentials", json={"secret": secret})
            authorization = base64.b64encode(f"{id}:{secret}".encode()).decode()
            connected = await stack.enter_async_context(
                connect(
                    f"{csms.gateway}/{id}",
                    subprotocols=[Subprotocol(f"ocpp{version}")],
                    additional_headers={"Authorization": f"Basic {authorization}"},
                )
            )
            station = flying.stations[id] = Station(id, connected)
            reading = asyncio.create_task(station.read())
            stack.callback(reading.cancel)
            assert (await station.boot())["status"] == "Accepted"
        await flying.stations["offline"].websocket.close()
        for fly in PATHS:
            await fly(flying)
        yield flying


async def test_the_log_has_no_secret(aviary: Aviary) -> None:
    log = aviary.csms.log.getvalue()

    assert log.count('"severity":"DEBUG"') > 100  # or nothing would be tested
    assert "refused" in log
    assert [line for line in log.splitlines() if aviary.canary.found_in(line)] == []


async def test_nothing_that_is_stored_has_a_secret(aviary: Aviary) -> None:
    """Not even what has been deleted or replaced: the files are read as they are."""
    with sqlite3.connect(f"file:{aviary.csms.database}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: database.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    database.close()
    files = [path.read_bytes() for path in aviary.csms.database.parent.glob("csms.db*")]

    assert {name: aviary.canary.found_in(str(found)) for name, found in rows.items() if found} == {
        name: set() for name, found in rows.items() if found
    }
    assert aviary.canary.found_in(b"\n".join(files).decode("latin-1")) == set()
    assert {"audit", "auditSegments", "commands", "deviceMessages", "deadLetters", "idTokens"} <= {
        name for name in rows if rows[name]
    }


async def test_no_response_shows_a_secret(aviary: Aviary) -> None:
    """Neither to those who have sent it, nor in any list."""
    await read_everything(aviary)

    shown = {request: aviary.canary.found_in(text) for request, text in aviary.responses.items()}
    assert {request: places for request, places in shown.items() if places} == {}


async def test_the_audit_trail_has_every_request_and_no_secret(aviary: Aviary) -> None:
    records = (await aviary.ask("GET", "user", "/audit?pageSize=1000")).json()["items"]
    changed = {change["field"] for one in records for change in one["changes"]}

    assert aviary.canary.found_in(str(records)) == set()
    assert {"secret", "weakSecret", "idToken", "password"} <= changed
    assert {"succeeded", "failed", "refused"} <= {one["outcome"] for one in records}


async def test_stations_are_not_sent_back_what_they_sent(aviary: Aviary) -> None:
    assert aviary.canary.found_in("\n".join(aviary.frames)) == set()


async def test_events_have_no_secret(aviary: Aviary) -> None:
    events: dict[str, set[str]] = {}
    for topic, message in aviary.csms.bus.published:
        if message.kind is Kind.EVENT:
            events.setdefault(topic, set()).update(aviary.canary.found_in(message.data.decode()))

    assert {topic: places for topic, places in events.items() if topic not in MESSAGES_THEMSELVES} == {
        topic: set() for topic in events if topic not in MESSAGES_THEMSELVES
    }
    assert {"CommandEnded", "StationDeviated", "ConnectionRefused", *MESSAGES_THEMSELVES} <= events.keys()


async def read_everything(aviary: Aviary) -> None:
    """Every path that is read, of every station, and every document in what that shows."""
    for service in aviary.csms.apis:
        paths = (await aviary.ask("GET", service, "/openapi.json")).json()["paths"]
        for path in [path for path, methods in paths.items() if "get" in methods]:
            for filled in await _filled(aviary, service, path):
                separator = "?" if "?" not in filled else "&"
                await aviary.ask("GET", service, f"{filled}{separator}pageSize=1000")


async def _filled(aviary: Aviary, service: str, path: str) -> list[str]:
    if path.startswith("/chargingstations/{id}") or path == "/chargingstations/station/{id}":
        of_stations = [path.replace("{id}", id) for id in [*VERSIONS, "offline"]]
        return [one for one in of_stations if "{" not in one]
    if path.endswith("/{id}"):
        listed = path.removesuffix("/{id}")
        if listed == "/commands":
            lists = [f"/chargingstations/{id}/commands" for id in [*VERSIONS, "offline"]]
        else:
            lists = [listed]
        pages = [await aviary.ask("GET", service, one) for one in lists]
        items = [item for page in pages if page.status_code == 200 for item in page.json()["items"]]
        return [f"{listed}/{item['id']}" for item in items]
    return [] if "{" in path else [path]


@pytest.mark.parametrize("encoded", [False, True])
def test_a_canary_is_found_wherever_it_sits(encoded: bool) -> None:
    canary = Canaries()
    secret = canary("somewhere")
    for prefix in ("", "a", "ab", "abc"):
        text = f"{prefix}{secret}"
        shown = base64.b64encode(text.encode()).decode() if encoded else text.upper()
        assert canary.found_in(f"Basic {shown}, and more") == {"somewhere"}
    assert canary.found_in("nothing of the kind") == set()
