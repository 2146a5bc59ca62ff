"""Block K of OCPP 2.1: what charging profiles can say since then.

The tester's operator stands for the energy management system: profiles come from commands.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from ..v201.events import Charging, Event
from ..v201.reporting import AT
from .profiles import changes_mode, chosen, dynamic, needs, profile, pulled, pushed, set_and_kept

Json = dict[str, Any]
OFFLINE = {"maxOfflineDuration": 3_600, "invalidAfterOfflineDuration": True}
MAYBE = ("Accepted", "Processing", "NoChargingProfile")
"""What the CSMS may answer to a vehicle's needs where it does not refuse them."""


@pytest.mark.parametrize(
    "wanted",
    [
        profile("TxDefaultProfile", {"limit": 11_000}, **OFFLINE),
        profile("TxDefaultProfile", {"limit": 11_000}, schedule={"limitAtSoC": {"soc": 80, "limit": 3_000}}),
        profile("PriorityCharging", {"limit": 22_000}),
        profile(
            "TxDefaultProfile", {"limit": 11_000}, schedule={"useLocalTime": True, "randomizedDelay": 300}
        ),
    ],
    ids=["TC_K_100", "TC_K_102", "TC_K_104", "TC_K_106"],
)
@case("TC_K_100_CSMS", "TC_K_102_CSMS", "TC_K_104_CSMS", "TC_K_106_CSMS")
async def test_a_profile_reaches_the_station_whole_and_is_kept(operator: Operator, wanted: Json) -> None:
    await set_and_kept(operator, wanted)


@case("TC_K_101_CSMS")
async def test_a_profile_changes_the_mode_of_operation(operator: Operator, charging: Charging) -> None:
    periods = {"operationMode": "ChargingOnly", "limit": 11_000}, {"operationMode": "Idle"}
    wanted = profile("TxProfile", *periods, transactionId=charging.transaction_id)
    await set_and_kept(operator, wanted)
    await changes_mode(charging, "Idle")
    await charging.end("StopAuthorized", "Local")
    await charging.assert_charged(operator.system, "Local")


@case("TC_K_109_CSMS")
async def test_a_profile_has_no_number_that_is_kept_for_external_constraints(
    station: Station, operator: Operator
) -> None:
    """The station has told the highest of those (K01.FR.80)."""
    payload = {
        "component": {"name": "SmartChargingCtrlr"},
        "variable": {"name": "MaxExternalConstraintsId"},
        "variableAttribute": [{"value": "1000", "mutability": "ReadOnly"}],
    }
    part = {"requestId": 1, "generatedAt": AT, "seqNo": 0, "tbc": False, "reportData": [payload]}
    assert await station.call("NotifyReport", part) == {}

    station.answers["SetChargingProfile"] = {"status": "Accepted"}
    within = profile("TxDefaultProfile", {"limit": 11_000}, id=1_000)
    await operator.refused("SetChargingProfile", {"evseId": 1, "chargingProfile": within})
    await set_and_kept(operator, profile("TxDefaultProfile", {"limit": 11_000}, id=1_001))


@case("TC_K_113_CSMS")
async def test_the_csms_renegotiates_a_schedule(operator: Operator, charging: Charging) -> None:
    for limit in (11_000, 7_000):
        wanted = profile("TxProfile", {"limit": limit}, transactionId=charging.transaction_id)
        await set_and_kept(operator, wanted)
        await chosen(operator, wanted["chargingSchedule"][0])
    await charging.tells(Event("Updated", "ChargingRateChanged", "Charging", wh=2_000))


@case("TC_K_114_CSMS")
async def test_a_vehicle_that_can_discharge_renegotiates(operator: Operator, charging: Charging) -> None:
    power = {"maxChargePower": 6_000, "maxDischargePower": 0}
    assert await needs(operator, "AC_three_phase", "ScheduledControl", **power) in MAYBE
    wanted = profile("TxProfile", {"limit": 6_000}, transactionId=charging.transaction_id)
    await set_and_kept(operator, wanted)
    await chosen(operator, wanted["chargingSchedule"][0])


@case("TC_K_115_CSMS")
async def test_a_vehicle_is_controlled_dynamically(operator: Operator, charging: Charging) -> None:
    power = {"maxChargePower": 5_000, "maxDischargePower": 5_000}
    assert await needs(operator, "AC_BPT", "DynamicControl", **power) in MAYBE
    setpoint = {"operationMode": "CentralSetpoint", "setpoint": 5_000}
    await set_and_kept(operator, dynamic(charging.transaction_id, setpoint))
    await changes_mode(charging, "CentralSetpoint")


@case("TC_K_117_CSMS")
async def test_the_schedule_of_a_dynamically_controlled_vehicle_is_adjusted(
    operator: Operator, charging: Charging
) -> None:
    await set_and_kept(operator, dynamic(charging.transaction_id, {"limit": 5_000}))
    for limit in (7_000, 3_000):
        await pushed(operator, {"limit": limit})
        await charging.tells(Event("Updated", "ChargingRateChanged", "Charging"))


@case("TC_K_118_CSMS")
async def test_priority_charging_is_switched_on_and_off(operator: Operator, charging: Charging) -> None:
    await set_and_kept(operator, profile("PriorityCharging", {"limit": 22_000}))
    for activate in (True, False):
        asked = {"transactionId": charging.transaction_id, "activate": activate}
        outcome = await operator.tell("UsePriorityCharging", asked, {"status": "Accepted"})
        assert outcome["payload"] == asked
        await charging.tells(Event("Updated", "ChargingRateChanged", "Charging"))


@case("TC_K_121_CSMS")
async def test_a_station_pulls_the_newest_of_a_dynamic_profile(
    station: Station, operator: Operator, charging: Charging
) -> None:
    await set_and_kept(operator, dynamic(charging.transaction_id, {"limit": 5_000}, dynUpdateInterval=60))
    assert await pulled(station) == {"status": "Accepted", "scheduleUpdate": {"limit": 5_000}}
    assert (await pulled(station, 99))["status"] == "Rejected"
