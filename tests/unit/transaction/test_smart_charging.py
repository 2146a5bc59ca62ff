from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from libs.csms.clock import rfc3339
from libs.csms.settings import Settings
from libs.csms.web.app import create_app
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction import handlers
from services.transaction.api import api
from services.transaction.service import Ledger, router

from .world import NOW, Json, Recorder

router.load(handlers)

V201, V21 = Version.V201, Version.V21
AT = "2026-11-20T11:00:00Z"
SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "W",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000.5}],
}
ACKNOWLEDGED: list[tuple[Version, str, Json, Json]] = [
    (V201, "NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1}, {}),
    (V21, "NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "SO"}}, {}),
    (V201, "ClearedChargingLimit", {"chargingLimitSource": "EMS"}, {}),
    (V21, "NotifyPriorityCharging", {"transactionId": "t", "activated": True}, {}),
    (
        V21,
        "NotifySettlement",
        {"pspRef": "p", "status": "Settled", "settlementAmount": 12.34, "settlementTime": AT},
        {},
    ),
    (
        V201,
        "NotifyEVChargingSchedule",
        {"timeBase": AT, "evseId": 1, "chargingSchedule": SCHEDULE},
        {"status": "Accepted"},
    ),
]


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("Transaction service", api(ledger), Settings(_env_file=None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://transaction") as client:
        yield client


async def send(ledger: Ledger, action: str, payload: Json, version: Version = V21) -> Json:
    """The answer, right by its schema."""
    catalogued = ACTIONS[version][action]
    catalogued.request_validator.check(payload)
    message = Message(
        data=msgspec.json.encode(payload),
        message_id="1",
        station_id="CS 1",
        action=action,
        kind=Kind.CALL,
        origin=Direction.FROM_STATION,
        ocpp_version=version,
        sent_at=rfc3339(NOW),
        reply_to=catalogued.response_topic,
    )
    bus = Recorder()
    await router.handle(message, bus, ledger, lambda: NOW)  # type: ignore[arg-type]
    [(_, answer)] = bus.published
    response: Json = msgspec.json.decode(answer.data)
    catalogued.response_validator.check(response)
    return response


async def listed(client: httpx.AsyncClient, path: str, **params: Any) -> list[Json]:
    response = await client.get(f"/chargingstations/CS%201/{path}", params=params)
    assert response.status_code == 200, response.text
    items: list[Json] = response.json()["items"]
    return items


@pytest.mark.parametrize(("version", "action", "payload", "answer"), ACKNOWLEDGED)
async def test_what_a_station_tells_of_charging_can_be_read_as_it_came(
    ledger: Ledger, client: httpx.AsyncClient, version: Version, action: str, payload: Json, answer: Json
) -> None:
    assert await send(ledger, action, payload, version) == answer

    [notice] = await listed(client, "messages", action=action)
    assert (notice["payload"], notice["ocppVersion"]) == (payload, version.value)


async def test_a_vehicles_needs_are_kept_and_no_profile_is_promised(
    ledger: Ledger, client: httpx.AsyncClient
) -> None:
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}

    assert await send(ledger, "NotifyEVChargingNeeds", needs, V201) == {"status": "Rejected"}
    assert await send(ledger, "NotifyEVChargingNeeds", needs, V21) == {"status": "NoChargingProfile"}
    assert len(await listed(client, "messages", action="NotifyEVChargingNeeds")) == 1


async def test_a_vat_number_that_nobody_checks_is_not_said_to_be_right(ledger: Ledger) -> None:
    answer = await send(ledger, "VatNumberValidation", {"vatNumber": "DE1", "evseId": 2})

    assert (answer["vatNumber"], answer["evseId"], answer["status"]) == ("DE1", 2, "Rejected")


def profiles(evse_id: int, *ids: int, tbc: bool = False, request_id: int = 5) -> Json:
    told = [
        {
            "id": id,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [SCHEDULE],
        }
        for id in ids
    ]
    payload = {"requestId": request_id, "evseId": evse_id, "chargingLimitSource": "CSO", "tbc": tbc}
    return payload | {"chargingProfile": told}


@pytest.mark.parametrize("version", [V201, V21])
async def test_a_stations_profiles_are_listed_as_it_reports_them(
    ledger: Ledger, client: httpx.AsyncClient, version: Version
) -> None:
    assert await send(ledger, "ReportChargingProfiles", profiles(1, 7, 8, tbc=True), version) == {}
    [receiving] = await listed(client, "reports")
    assert await send(ledger, "ReportChargingProfiles", profiles(2, 9), version) == {}
    [complete] = await listed(client, "reports")

    assert (receiving["status"], complete["status"]) == ("receiving", "complete")
    assert [one["id"] for one in await listed(client, "chargingprofiles", requestId=5)] == [7, 8, 9]
    [profile] = await listed(client, "chargingprofiles", evseId=2)
    assert (profile["source"], profile["purpose"], profile["stackLevel"]) == ("CSO", "TxDefaultProfile", 0)
    assert profile["chargingProfile"]["chargingSchedule"] == [SCHEDULE]


async def test_the_same_report_at_once_from_two_deliveries_is_one(
    ledger: Ledger, client: httpx.AsyncClient
) -> None:
    await asyncio.gather(*(send(ledger, "ReportChargingProfiles", profiles(1, 7)) for _ in range(5)))

    assert len(await listed(client, "chargingprofiles")) == len(await listed(client, "messages")) == 1
