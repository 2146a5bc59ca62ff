"""What the operator decides about a station takes effect on the connection that it has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.ocpp_messages.message import Kind
from services.device.api import device_api
from services.device.registry.model import Station
from services.device.service import Device

from ..rest import client_of
from .station import Csms

PATH = "/chargingstations/CS1"


@pytest.fixture
async def operator(device: Device, csms: Csms, registered: Station) -> AsyncIterator[httpx.AsyncClient]:
    """What becomes known to gateways is in ``csms.published``."""
    async with client_of(device_api, device) as client:
        yield client


def revocations(csms: Csms) -> list[Any]:
    """Station and reason of each."""
    found = [message for topic, message in csms.published if topic == "StationAccessRevoked"]
    assert all((each.kind, each.sent_at) == (Kind.EVENT, "2026-11-20T12:00:00.000Z") for each in found)
    return [(each.station_id, json.loads(each.data)["reason"]) for each in found]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", PATH, {"registrationStatus": "Rejected"}),
        ("PUT", PATH, {"registrationStatus": "Rejected"}),
        ("POST", "/chargingstations/update/CS1", {"registrationStatus": "Rejected"}),
    ],
)
async def test_a_rejected_station_is_disconnected(
    operator: httpx.AsyncClient, csms: Csms, method: str, path: str, body: Any
) -> None:
    for _ in range(2):
        assert (await operator.request(method, path, json=body)).status_code == 200

    assert revocations(csms) == [("CS1", "the charging station has been rejected")]


async def test_a_station_that_is_pending_or_accepted_stays_connected(
    operator: httpx.AsyncClient, csms: Csms
) -> None:
    for status in ("Accepted", "Pending", "Pending", "Accepted"):
        await operator.patch(PATH, json={"registrationStatus": status})
    await operator.patch(PATH, json={"model": "M"})

    assert revocations(csms) == []
    assert len([topic for topic, _ in csms.published if topic == "RegistrationStatusChanged"]) == 2


@pytest.mark.parametrize(("method", "path"), [("DELETE", PATH), ("POST", "/chargingstations/delete/CS1")])
async def test_a_deleted_station_is_disconnected(
    operator: httpx.AsyncClient, csms: Csms, method: str, path: str
) -> None:
    assert (await operator.request(method, path)).is_success
    assert (await operator.request(method, path)).status_code == 404

    assert revocations(csms) == [("CS1", "the charging station has been deleted")]


async def test_a_station_whose_secret_is_replaced_is_disconnected(
    operator: httpx.AsyncClient, csms: Csms
) -> None:
    given = {"secret": "sixteen letters!"}
    for body in (given, given, {"secret": "seventeen letters"}):
        assert (await operator.post(f"{PATH}/credentials", json=body)).status_code == 201
    assert (await operator.post(f"{PATH}/credentials")).status_code == 201

    assert revocations(csms) == [("CS1", "the secret of the charging station has been replaced")] * 3
    assert (await operator.post("/chargingstations/nobody/credentials")).status_code == 404


async def test_no_station_is_disconnected_before_the_decision_is_durable(
    operator: httpx.AsyncClient, csms: Csms, device: Device
) -> None:
    known: list[str] = []

    async def publish(topic: str, message: Any) -> None:
        station = await device.registry.get("CS1")
        known.append("deleted" if station is None else station.registration_status)

    csms.bus.publish = publish  # type: ignore[method-assign]
    await operator.patch(PATH, json={"registrationStatus": "Rejected"})
    await operator.delete(PATH)

    assert known == ["Rejected", "Rejected", "deleted", "deleted"]
