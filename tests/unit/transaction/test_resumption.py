from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import httpx
import msgspec
import pytest

from libs.csms.clients.stations import DeviceClient
from libs.csms.settings import Settings
from libs.csms.web.app import create_app
from libs.ocpp_messages.event import TRANSACTION_RESUMED, TransactionResumed
from services.transaction.api import api
from services.transaction.report import document_id
from services.transaction.service import Ledger

from .operator import Operator
from .profiles import V21, profile2, schedule2, start2
from .world import Json, Recorder, Station

TX = "TxProfile"


@dataclass
class DeviceService:
    """``asked`` are the commands; each is answered with ``status``."""

    variables: list[Json] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    status: int = 202

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            assert request.url.params["component"] == "SmartChargingCtrlr"
            return httpx.Response(200, json={"items": self.variables})
        self.asked.append(request)
        return httpx.Response(self.status, json={})

    @property
    def payloads(self) -> list[Json]:
        return [msgspec.json.decode(one.content) for one in self.asked]

    @property
    def keys(self) -> list[str]:
        return [one.headers["Idempotency-Key"] for one in self.asked]


@pytest.fixture
def device() -> DeviceService:
    return DeviceService()


@pytest.fixture
async def operator(ledger: Ledger, device: DeviceService) -> AsyncIterator[Operator]:
    """In a transaction tx-1 on EVSE 1 that goes on."""
    app = create_app("x", api(ledger), Settings(_env_file=None))
    asked = httpx.AsyncClient(transport=httpx.MockTransport(device.answer), base_url="http://device")
    transport = httpx.ASGITransport(app)
    async with asked, httpx.AsyncClient(transport=transport, base_url="http://transaction") as http:
        made = Operator(replace(ledger, stations=DeviceClient(asked)), http, V21, "CS/1")
        await station_of(made).event("Started", 0, 0, evse={"id": 1}, triggerReason="CablePluggedIn")
        yield made


def station_of(operator: Operator) -> Station:
    return Station(operator.ledger, V21, operator.id)


async def resume(operator: Operator, seq_no: int = 3, transaction_id: str = "tx-1") -> None:
    id = document_id(operator.id, transaction_id)
    await operator.event(TransactionResumed(id=id, transaction_id=transaction_id, seq_no=seq_no), 100)


async def test_a_station_that_resumes_a_transaction_is_answered_and_then_it_is_told(
    operator: Operator,
) -> None:
    bus = Recorder()
    station = station_of(replace(operator, ledger=replace(operator.ledger, bus=bus)))  # type: ignore[arg-type]

    assert await station.event("Updated", 2, 2, triggerReason="MeterValuePeriodic") == {}
    assert await station.event("Updated", 3, 3, triggerReason="TxResumed") == {}

    [(topic, message)] = bus.published
    assert (topic, message.station_id) == (TRANSACTION_RESUMED.name, "CS/1")
    told = TRANSACTION_RESUMED.decode(message.data)
    assert (told.id, told.transaction_id, told.seq_no) == (document_id("CS/1", "tx-1"), "tx-1", 3)


async def test_the_profiles_of_a_resumed_transaction_are_sent_again_and_no_others(
    operator: Operator, device: DeviceService
) -> None:
    wanted = [profile2(1, TX), profile2(2, TX, stackLevel=1)]
    for second, profile in enumerate([wanted[1], wanted[0], profile2(3)], start=1):
        await operator.set(1, profile, second)
    await operator.set(1, profile2(4, TX, stackLevel=4, validTo="2026-11-20T12:00:00Z"), 4)
    await operator.set(2, profile2(5, TX, transactionId="tx-2"), 5)

    await resume(operator)

    assert device.payloads == [{"evseId": 1, "chargingProfile": profile} for profile in wanted]
    assert {one.url.raw_path for one in device.asked} == {
        b"/chargingstations/CS%2F1/commands/SetChargingProfile?wait=0&deliver=when-online&ttl=600"
    }
    assert len(set(device.keys)) == 2


async def test_each_resumption_is_one_however_often_it_is_told(
    operator: Operator, device: DeviceService
) -> None:
    await operator.set(1, profile2(1, TX), 1)

    for seq_no in (3, 3, 9):
        await resume(operator, seq_no)

    first, same, other = device.keys
    assert first == same != other


async def test_the_profile_of_a_remote_start_names_its_transaction_by_then(
    operator: Operator, device: DeviceService
) -> None:
    started = {"status": "Accepted", "transactionId": "tx-1"}
    asked = start2(profile2(1, TX, transactionId=None), evseId=1)
    await operator.ended("RequestStartTransaction", asked, 1, answer=started)

    await resume(operator)

    assert device.payloads == [{"evseId": 1, "chargingProfile": profile2(1, TX)}]


async def test_a_dynamic_profile_is_sent_with_its_newest_limits(
    operator: Operator, device: DeviceService
) -> None:
    schedule = schedule2(startSchedule=None)
    profile = profile2(1, TX, chargingProfileKind="Dynamic", chargingSchedule=[schedule])
    await operator.set(1, profile, 1)
    asked = {"chargingProfileId": 1, "scheduleUpdate": {"limit": 7000.5}}
    await operator.ended("UpdateDynamicSchedule", asked, 2)

    await resume(operator)

    [payload] = device.payloads
    [period] = payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert period == {"startPeriod": 0, "limit": 7000.5}


@pytest.mark.parametrize(("value", "sent"), [("true", 0), ("false", 1)])
async def test_a_station_that_keeps_its_profiles_is_not_sent_them(
    operator: Operator, device: DeviceService, value: str, sent: int
) -> None:
    variable = {"name": "ChargingProfilePersistence", "instance": "TxProfile"}
    other = variable | {"instance": "LocalGeneration"}
    device.variables = [
        {"variable": other, "attributes": [{"type": "Actual", "value": "true"}]},
        {"variable": variable, "attributes": [{"type": "Actual", "value": value}]},
    ]
    await operator.set(1, profile2(1, TX), 1)

    await resume(operator)

    assert len(device.asked) == sent


async def test_a_transaction_that_has_ended_or_is_unknown_gets_nothing(
    operator: Operator, device: DeviceService
) -> None:
    await operator.set(1, profile2(1, TX), 1)
    await station_of(operator).event("Ended", 4, 4, triggerReason="EVDeparted")

    await resume(operator)
    await resume(operator, transaction_id="tx-9")

    assert device.asked == []


@pytest.mark.parametrize("status", [409, 422])
async def test_a_refusal_is_final(operator: Operator, device: DeviceService, status: int) -> None:
    await operator.set(1, profile2(1, TX), 1)
    device.status = status

    await resume(operator)

    assert len(device.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_what_may_succeed_later_is_tried_again(
    operator: Operator, device: DeviceService, status: int
) -> None:
    await operator.set(1, profile2(1, TX), 1)
    device.status = status

    with pytest.raises(httpx.HTTPStatusError):
        await resume(operator)
