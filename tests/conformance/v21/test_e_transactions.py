"""Blocks E and I of OCPP 2.1: limits that a driver sets at the station, interruptions, and running costs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from ..v201.events import Charging, Event
from .profiles import profile, set_and_kept

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("limit", "trigger", "reason"),
    [
        ({"maxEnergy": 4_000}, "EnergyLimitReached", "EnergyLimitReached"),
        ({"maxTime": 240}, "TimeLimitReached", "TimeLimitReached"),
        ({"maxCost": 10.5}, "CostLimitReached", "LocalOutOfCredit"),
    ],
    ids=["TC_E_106", "TC_E_107", "TC_E_108"],
)
@case("TC_E_106_CSMS", "TC_E_107_CSMS", "TC_E_108_CSMS")
async def test_a_driver_sets_a_limit_at_the_station(
    operator: Operator, charging: Charging, limit: dict[str, float], trigger: str, reason: str
) -> None:
    """The CSMS sets none of its own against it (E16)."""
    info = {"transactionId": charging.transaction_id, "chargingState": "Charging", "transactionLimit": limit}
    await charging.tells(
        Event("Updated", "LimitSet", more={"transactionInfo": info}),
        Event("Updated", "MeterValuePeriodic", "Charging", wh=3_000),
        Event("Updated", trigger, "SuspendedEVSE", wh=5_000),
    )
    assert (await charging.known(operator.system))["chargingState"] == "SuspendedEVSE"
    await charging.end(trigger, reason)
    await charging.assert_charged(operator.system, reason)


async def loses_power_and_resumes(charging: Charging) -> None:
    """The station comes back before TxResumptionTimeout (E17), and goes on with the same transaction."""
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "M1"}}
    assert (await charging.station.call("BootNotification", boot))["status"] == "Accepted"
    await charging.connector("Occupied")
    await charging.tells(Event("Updated", "TxResumed", "Charging", wh=2_000))


@case("TC_E_113_CSMS")
async def test_a_transaction_goes_on_after_an_interruption(operator: Operator, charging: Charging) -> None:
    await loses_power_and_resumes(charging)
    [known] = await operator.system.transactions(charging.station.id)
    assert (known["active"], known["chargingState"], known["energyWh"]) == (True, "Charging", 1_000)
    await charging.end("EVDeparted", "EVDisconnected")
    await charging.assert_charged(operator.system, "EVDisconnected")


@pytest.mark.parametrize("reset", [False, True], ids=["TC_E_117", "TC_B_116"])
@case("TC_E_117_CSMS", "TC_B_116_CSMS")
async def test_a_transaction_that_goes_on_gets_its_profile_again(
    operator: Operator, charging: Charging, reset: bool
) -> None:
    """The station does not say that it would have kept it (E17.FR.15)."""
    wanted = profile("TxProfile", {"limit": 7_000}, transactionId=charging.transaction_id)
    await set_and_kept(operator, wanted)
    if reset:
        await operator.tell("Reset", {"type": "ImmediateAndResume"}, {"status": "Accepted"})
    expecting = asyncio.create_task(operator.station.expect("SetChargingProfile", timeout=10))
    await loses_power_and_resumes(charging)
    again = await expecting
    assert again.payload == {"evseId": 1, "chargingProfile": wanted}
    await again.answer({"status": "Accepted"})
    await charging.end("EVDeparted", "EVDisconnected")
    await charging.assert_charged(operator.system, "EVDisconnected")


@case("TC_I_01_CSMS")
async def test_the_running_cost_is_sent_to_a_station_that_charges(
    operator: Operator, charging: Charging
) -> None:
    """The operator has worked it out."""
    for total_cost in (0.5, 1.25):
        cost = {"totalCost": total_cost, "transactionId": charging.transaction_id}
        assert (await operator.tell("CostUpdated", cost, {}))["payload"] == cost
        await charging.tells(Event("Updated", "MeterValuePeriodic", "Charging"))
