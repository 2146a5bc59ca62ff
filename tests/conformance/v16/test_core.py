"""The core cases of OCPP 1.6 that begin at the charge point."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.station import station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator, Station
from .charging import ACCEPTED, Charging, moment, now, rebooted, reconnected


def is_now(text: str) -> bool:
    return text.endswith("Z") and abs((datetime.now(UTC) - moment(text)).total_seconds()) < 5


@case("TC_001_CSMS")
async def test_a_cold_boot_is_accepted_and_told_the_time_and_the_interval(
    csms: System, cs: str, tag: str
) -> None:
    boot = {
        "chargePointVendor": "ACME",
        "chargePointModel": "M1",
        "chargePointSerialNumber": "S-1",
        "firmwareVersion": "1.0",
        "iccid": "8931",
        "imsi": "2040",
        "meterType": "MT",
        "meterSerialNumber": "MS-1",
    }
    async with station(csms.gateways[0], cs, "1.6") as booting:
        answer = await booting.call("BootNotification", boot)
        assert answer.keys() == {"status", "currentTime", "interval"}
        assert (answer["status"], answer["interval"]) == ("Accepted", 300)
        assert is_now(answer["currentTime"])
        for connector in (0, 1, 2):
            await Charging(Operator(csms, booting), tag, connector).status("Available")
        heartbeat = await booting.call("Heartbeat", {})
        assert heartbeat.keys() == {"currentTime"}
        assert is_now(heartbeat["currentTime"])

        status = await csms.status(cs)
        assert (status["connected"], status["ocppVersion"]) == (True, "ocpp1.6")
        known = await csms.get(f"{csms.device}/chargingstations/{cs}")
        assert is_now(known["lastBoot"])
        assert (known["vendorName"], known["model"], known["serialNumber"]) == ("ACME", "M1", "S-1")
        assert (known["firmwareVersion"], known["modem"]) == ("1.0", {"iccid": "8931", "imsi": "2040"})


@case("TC_003_CSMS")
async def test_a_session_of_a_driver_who_plugs_in_first(session: Charging) -> None:
    await session.status("Preparing")
    assert await session.authorize() == ACCEPTED
    assert await session.start() == ACCEPTED
    await session.status("Charging")
    for wh in (500, 1_500):
        await session.meter(wh)
    assert await session.authorize() == ACCEPTED
    assert await session.stop("Local", 2_000, by=session.tag) == {"idTagInfo": ACCEPTED}
    await session.status("Finishing", "Available")


@case("TC_004_1_CSMS")
async def test_a_session_of_a_driver_who_presents_a_card_first(session: Charging) -> None:
    assert await session.authorize() == ACCEPTED
    await session.status("Preparing")
    assert await session.start() == ACCEPTED
    await session.status("Charging")
    await session.meter(500)
    assert await session.stop("Local", 800, by=session.tag) == {"idTagInfo": ACCEPTED}
    await session.status("Finishing", "Available")


@case("TC_004_2_CSMS")
async def test_a_driver_who_never_plugs_in_leaves_no_transaction(session: Charging) -> None:
    assert await session.authorize() == ACCEPTED
    await session.status("Preparing", "Available")
    assert await session.transactions() == []


@case("TC_005_1_CSMS")
async def test_unplugging_the_vehicle_ends_the_transaction(session: Charging) -> None:
    await session.charging()
    await session.status("SuspendedEV")
    assert await session.stop("EVDisconnected", 1_200) == {}
    await session.status("Finishing", "Available")


@case("TC_007_CSMS")
async def test_a_cached_token_is_authorized_by_the_start_alone(session: Charging) -> None:
    await session.status("Preparing")
    assert await session.start() == ACCEPTED
    await session.status("Charging")
    assert (await session.transaction())["idTokenStatus"] == "Accepted"


@pytest.mark.parametrize(
    ("known", "answered"),
    [
        (None, {"status": "Invalid"}),
        (
            {"expiryDateTime": "2020-01-01T00:00:00Z"},
            {"status": "Expired", "expiryDate": "2020-01-01T00:00:00.000Z"},
        ),
        ({"status": "Blocked"}, {"status": "Blocked"}),
    ],
    ids=["invalid", "expired", "blocked"],
)
@case("TC_023_1_CSMS", "TC_023_2_CSMS", "TC_023_3_CSMS")
async def test_a_token_that_may_not_charge_is_told_why(
    operator: Operator, name: str, known: dict[str, Any] | None, answered: dict[str, str]
) -> None:
    if known is not None:
        await operator.system.token(f"BAD-{name}", **known)
    session = Charging(operator, f"BAD-{name}")
    await session.status("Preparing")
    assert await session.authorize() == answered
    await session.status("Available")
    assert await session.transactions() == []


@case("TC_024_CSMS")
async def test_a_lock_that_fails_is_shown_and_starts_nothing(session: Charging) -> None:
    await session.status("Preparing")
    assert await session.authorize() == ACCEPTED
    await session.status("Faulted", error_code="ConnectorLockFailure")
    assert await session.transactions() == []


@case("TC_032_1_CSMS")
async def test_a_transaction_that_a_power_failure_ended_is_stopped_after_the_boot(session: Charging) -> None:
    await session.charging()
    failed_at = now()
    async with rebooted(session.operator) as again:
        back = replace(session, operator=again)
        assert (await back.transaction())["active"] is True
        assert await back.stop("PowerLoss", 700, at=failed_at) == {}
        await back.status("Available")


@case("TC_037_1_CSMS")
async def test_a_start_from_when_the_station_was_offline_is_accepted_as_it_was(session: Charging) -> None:
    async with reconnected(session.operator) as again:
        back = replace(session, operator=again)
        assert await back.start(at=now(-600)) == ACCEPTED
        await back.status("Charging")
        await back.meter(300)


@case("TC_037_3_CSMS")
async def test_an_invalid_token_that_started_offline_is_told_so_and_the_transaction_is_kept(
    operator: Operator, name: str
) -> None:
    async with reconnected(operator) as again:
        session = Charging(again, f"NONE-{name}")
        assert await session.start(at=now(-600)) == {"status": "Invalid"}
        await session.status("Charging")
        assert (await session.transaction())["idTokenStatus"] != "Accepted"
        assert await session.stop("DeAuthorized", 100) == {}
        await session.status("Finishing", "Available")


@case("TC_039_CSMS")
async def test_a_whole_transaction_from_when_the_station_was_offline_counts(session: Charging) -> None:
    async with reconnected(session.operator) as again:
        back = replace(session, operator=again)
        assert await back.start(at=now(-900)) == ACCEPTED
        assert await back.stop("Local", 4_000, at=now(-300), by=back.tag) == {"idTagInfo": ACCEPTED}
        await back.status("Available")


@case("TC_064_CSMS")
async def test_a_data_transfer_of_a_vendor_that_nobody_knows_is_answered_so(
    operator: Operator, station: Station, name: str
) -> None:
    transfer = {"vendorId": f"com.example.{name}", "messageId": "GetTariff", "data": '{"kWh": 1}'}
    assert await station.call("DataTransfer", transfer) == {"status": "UnknownVendorId"}
    [noted] = await operator.listed("messages?action=DataTransfer")
    assert noted["payload"] == transfer
