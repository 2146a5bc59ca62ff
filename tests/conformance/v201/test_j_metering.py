"""J Metering: what stations measure by the clock (J01) and in the course of a transaction (J02)."""

from __future__ import annotations

from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from .visit import Json, Visit, meter_value, notify_event

SIGNATURE = {
    "signedMeterData": "MTAwMCBXaA==",
    "signingMethod": "ECDSA-secp256r1-SHA256",
    "encodingMethod": "OCMF",
    "publicKey": "cHVibGljIGtleQ==",
}


async def measure(operator: Operator, evse_id: int, measured: Json) -> None:
    payload = {"evseId": evse_id, "meterValue": [measured]}
    assert await operator.station.call("MeterValues", payload) == {}


def shown(values: list[Any]) -> list[tuple[Any, str]]:
    return [(one["value"], one["context"]) for one in values]


@case("TC_J_01_CSMS")
async def test_by_the_clock_without_a_transaction(operator: Operator) -> None:
    for step in range(3):
        for evse_id in (0, 1, 2):
            await measure(operator, evse_id, meter_value(1000 + step, "Sample.Clock", step - 3))
    assert await operator.system.transactions(operator.station.id) == []


@case("TC_J_01_CSMS")
async def test_by_the_clock_as_events(operator: Operator) -> None:
    meter, register = {"name": "FiscalMetering"}, {"name": "EnergyActiveImportRegister"}
    for step in range(3):
        await notify_event(
            operator.station, str(1000 + step), "Periodic", eventId=step, component=meter, variable=register
        )

    events = await operator.listed("events")
    assert {(one["trigger"], one["actualValue"]) for one in events} == {
        ("Periodic", "1000"),
        ("Periodic", "1001"),
        ("Periodic", "1002"),
    }
    assert await operator.system.transactions(operator.station.id) == []


@case("TC_J_02_CSMS")
async def test_by_the_clock_in_a_transaction(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    await visit.begin()

    for step in range(3):
        for idle in (0, 2):
            await measure(operator, idle, meter_value(50_000, "Sample.Clock", step))
        measured = [meter_value(1000 + 250 * step, "Sample.Clock", step)]
        assert await visit.event("MeterValueClock", meterValue=measured) == {}

    known = await visit.known()
    assert (known["active"], known["meterStartWh"], known["energyWh"]) == (True, 1000, 500)
    values = await visit.meter_values()
    assert shown(values) == [(1000, "Sample.Clock"), (1250, "Sample.Clock"), (1500, "Sample.Clock")]
    assert {one["evseId"] for one in values} == {1}


@pytest.mark.parametrize("signed", [{}, {"signedMeterValue": SIGNATURE}], ids=["plain", "signed"])
@pytest.mark.parametrize("context", ["Sample.Clock", "Sample.Periodic"])
@case("TC_J_03_CSMS", "TC_J_04_CSMS", "TC_J_10_CSMS", "TC_J_11_CSMS")
async def test_all_values_come_with_the_end(operator: Operator, tag: str, context: str, signed: Json) -> None:
    visit = Visit(operator, tag)
    await visit.begin()
    await visit.stop()

    contexts = ["Transaction.Begin", context, context, "Transaction.End"]
    measured = [meter_value(1000 + 500 * n, each, n, **signed) for n, each in enumerate(contexts)]
    await visit.leave(meterValue=measured)

    known = await visit.known()
    assert (known["active"], known["stoppedReason"]) == (False, "EVDisconnected")
    assert (known["meterStartWh"], known["meterStopWh"], known["energyWh"]) == (1000, 2500, 1500)
    values = await visit.meter_values()
    assert shown(values) == list(zip([1000, 1500, 2000, 2500], contexts, strict=True))
    assert [one.get("signedMeterValue") for one in values] == [signed.get("signedMeterValue")] * 4


@case("TC_J_07_CSMS")
async def test_the_first_value_comes_with_the_start(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)

    await visit.plug_in(meterValue=[meter_value(1000, "Transaction.Begin")])

    known = await visit.known()
    assert (known["active"], known["evseId"], known["meterStartWh"]) == (True, 1, 1000)
    assert shown(await visit.meter_values()) == [(1000, "Transaction.Begin")]


@case("TC_J_08_CSMS")
async def test_the_first_value_comes_when_the_evse_is_known(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    await visit.authorize()
    assert "meterStartWh" not in await visit.known()

    await visit.plug_in(meterValue=[meter_value(1000, "Transaction.Begin")])
    await visit.charge()

    known = await visit.known()
    assert (known["active"], known["evseId"], known["meterStartWh"]) == (True, 1, 1000)
    [value] = await visit.meter_values()
    assert (value["evseId"], value["value"], value["context"]) == (1, 1000, "Transaction.Begin")


@case("TC_J_09_CSMS")
async def test_values_on_the_way(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    await visit.begin()

    for step in range(3):
        measured = [meter_value(1000 + 250 * step, "Sample.Periodic", step)]
        assert await visit.event("MeterValuePeriodic", meterValue=measured) == {}

    known = await visit.known()
    assert (known["active"], known["energyWh"]) == (True, 500)
    assert shown(await visit.meter_values()) == [
        (1000, "Sample.Periodic"),
        (1250, "Sample.Periodic"),
        (1500, "Sample.Periodic"),
    ]
