"""What gateways say of stations that depart from OCPP, from the bus to REST, on both pairs."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from libs.csms.clock import rfc3339, utc_now
from libs.csms.lifespan import running
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.messaging.pubsub.bus import PubSubBus
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import Deviation, EventData, MessageRefused, StationDeviated
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.app import device_service

from ..ports import free_port
from .system import Process

AT = "2026-11-20T11:00:00Z"


class Csms(NamedTuple):
    """A device service, and the bus that gateways would publish to."""

    http: httpx.AsyncClient
    bus: Bus

    async def publish(self, station_id: str, event: EventData, times: int = 1) -> None:
        topic = type(event).__name__
        message = Message(
            data=encode(event),
            message_id=uuid.uuid4().hex,
            station_id=station_id,
            action=topic,
            kind=Kind.EVENT,
            sent_at=rfc3339(utc_now()),
            origin=Direction.FROM_STATION,
            ocpp_version=Version.V16,
            gateway_id="g1",
            connection_id="1",
        )
        for _ in range(times):
            await self.bus.publish(topic, message)

    async def until(self, path: str, done: Callable[[Any], bool], **params: str) -> Any:
        async with asyncio.timeout(30):
            while True:
                answer = await self.http.get(path, params=params)
                assert answer.status_code == 200, answer.text
                if done(answer.json()):
                    return answer.json()
                await asyncio.sleep(0.05)


@pytest.fixture
async def embedded_device(tmp_path: Path) -> AsyncIterator[Csms]:
    """In this process: an embedded bus is shared in no other way."""
    store, bus, port = SqliteStore(tmp_path / "csms.db"), EmbeddedBus(), free_port()
    service = device_service(load(), bus, store, utc_now)
    await provision(bus, service.subscriptions)
    async with (
        running(service, socket.create_server(("127.0.0.1", port))),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        yield Csms(http, bus)
    await store.close()


@pytest.fixture
async def google_device(
    tmp_path: Path, name: str, pubsub_emulator: str, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Csms]:
    project, port = f"deviations-{name}", free_port()
    variables = {
        "PUBSUB_EMULATOR_HOST": pubsub_emulator,
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "GOOGLE_CLOUD_PROJECT": project,
    }
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    device = Process("device", ["run", "device", "--port", str(port)], variables, port, tmp_path / "log")
    bus = PubSubBus(project)
    try:
        await device.start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            yield Csms(http, bus)
    finally:
        device.stop()
        await bus.close()


@pytest.fixture(params=["embedded", pytest.param("google", marks=pytest.mark.emulator)])
def csms(request: pytest.FixtureRequest) -> Csms:
    started: Csms = request.getfixturevalue(f"{request.param}_device")
    return started


def deviation(place: str, count: int, **fields: Any) -> Deviation:
    known = {"rule": "timestampFormat", "action": "MeterValues", "example": AT[:-1], "repaired": True}
    return Deviation(**(known | fields), place=place, count=count, last_seen=AT)


async def test_deviations_and_refusals_of_a_station_reach_the_operator(csms: Csms) -> None:
    stations = [{"id": id, "vendorName": "Acme", "model": "Box", "firmwareVersion": "1"} for id in "AB"]
    for station in stations:
        assert (await csms.http.post("/chargingstations", json=station)).status_code == 201

    stop = {"transactionId": 1, "meterStop": "many", "timestamp": AT}
    refused = MessageRefused(
        action="StopTransaction",
        message_id="17",
        payload=stop,
        code="TypeConstraintViolation",
        reason="meterStop: no number",
    )
    await csms.publish("A", refused, times=2)
    failed = {"rule": "TypeConstraintViolation", "action": "StopTransaction", "repaired": False}
    first = StationDeviated(deviations=[deviation("meterStop", 1, **failed), deviation("x.*.timestamp", 1)])
    await csms.publish("A", first, times=2)
    await csms.publish("A", StationDeviated(deviations=[deviation("x.*.timestamp", 4)]), times=2)
    await csms.publish("B", StationDeviated(deviations=[deviation("x.*.timestamp", 2)]))

    [message] = (await csms.until("/chargingstations/A/messages", lambda page: page["items"]))["items"]
    assert message["payload"] == stop
    assert message["refused"] == {"code": "TypeConstraintViolation", "reason": "meterStop: no number"}
    report = await csms.until(
        "/deviations",
        lambda report: sum(line["count"] for line in report["lines"]) >= 8,
        vendor="Acme",
        model="Box",
        firmware="1",
    )
    assert [(line["place"], line["stations"], line["count"]) for line in report["lines"]] == [
        ("x.*.timestamp", 2, 7),
        ("meterStop", 1, 1),
    ]
    filters = {"rule": "timestampFormat", "action": "MeterValues", "repaired": "true"}
    [one] = (await csms.until("/chargingstations/A/deviations", bool, **filters))["items"]
    assert (one["count"], one["repaired"]) == (5, True)
    markdown = await csms.http.get("/deviations", params={"model": "Box", "format": "markdown"})
    assert markdown.text.startswith("# OCPP compliance report: Box\n")


async def test_a_station_profile_decides_how_a_station_is_admitted(csms: Csms) -> None:
    station = {"id": "C", "vendorName": "Acme", "model": "Pole"}
    assert (await csms.http.post("/chargingstations", json=station)).status_code == 201
    profile = {"id": "acme-pole", "vendor": "acme", "model": "P*", "rules": {"null": "refuse"}}
    assert (await csms.http.post("/stationprofiles", json=profile | {"answerTimeout": 9})).status_code == 201

    admitted = (await csms.http.post("/chargingstations/C/admission", json={})).json()
    assert (admitted["refusedRules"], admitted["answerTimeout"]) == (["null"], 9)
    patched = await csms.http.patch("/stationprofiles/acme-pole", json={"rules": {"null": None}})
    assert patched.json()["rules"] == {}
    admitted = (await csms.http.post("/chargingstations/C/admission", json={})).json()
    assert admitted["refusedRules"] == []
