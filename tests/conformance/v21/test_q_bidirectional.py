"""Block Q of OCPP 2.1: a vehicle that also gives energy back, by profiles that the operator commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from ..v201.events import Charging
from ..v201.reporting import AT
from .profiles import changes_mode, dynamic, profile, pulled, pushed, set_and_kept

Json = dict[str, Any]
SETPOINT = {"operationMode": "CentralSetpoint", "setpoint": -5_000}
FREQUENCY_CURVE = [{"frequency": 49.8, "power": -10_000}, {"frequency": 50.2, "power": 10_000}]
SIGNAL_CURVE = [{"signal": -100, "power": -10_000}, {"signal": 100, "power": 10_000}]


async def allow(operator: Operator, charging: Charging) -> None:
    """The operator tells the station that the vehicle may discharge, too."""
    asked = {"transactionId": charging.transaction_id, "allowedEnergyTransfer": ["AC_three_phase", "AC_BPT"]}
    outcome = await operator.tell("NotifyAllowedEnergyTransfer", asked, {"status": "Accepted"})
    assert outcome["payload"] == asked


@case("TC_Q_102_CSMS")
async def test_a_token_is_accepted_whatever_energy_transfers_are_allowed_is_told_later(
    station: Station, operator: Operator, tag: str
) -> None:
    """The CSMS does not know them when it is asked, so it names none (Q01)."""
    payload = {
        "component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}},
        "variable": {"name": "Enabled"},
        "variableAttribute": [{"value": "true"}],
    }
    part = {"requestId": 1, "generatedAt": AT, "seqNo": 0, "tbc": False, "reportData": [payload]}
    assert await station.call("NotifyReport", part) == {}
    token = {"idToken": {"idToken": tag, "type": "ISO14443"}}
    assert await station.call("Authorize", token) == {"idTokenInfo": {"status": "Accepted"}}
    charging = Charging(station, tag)
    await charging.begin()
    await allow(operator, charging)


@case("TC_Q_107_CSMS")
async def test_a_vehicle_only_charges_before_it_gives_energy_back(
    operator: Operator, charging: Charging
) -> None:
    only = {"operationMode": "ChargingOnly", "limit": 11_000}
    await set_and_kept(operator, profile("TxProfile", only, transactionId=charging.transaction_id))
    await changes_mode(charging, "ChargingOnly")
    await allow(operator, charging)
    await set_and_kept(operator, profile("TxProfile", SETPOINT, transactionId=charging.transaction_id))
    await changes_mode(charging, "CentralSetpoint")


@pytest.mark.parametrize(
    "periods",
    [
        [SETPOINT, SETPOINT | {"setpoint": 11_000}],
        [{"operationMode": "ExternalSetpoint"}],
        [{"operationMode": "ExternalLimits"}],
        [{"operationMode": "LocalFrequency", "v2xBaseline": 1_000, "v2xFreqWattCurve": FREQUENCY_CURVE}],
        [{"operationMode": "LocalLoadBalancing"}],
    ],
    ids=["TC_Q_108", "TC_Q_111", "TC_Q_112", "TC_Q_121", "TC_Q_124"],
)
@case("TC_Q_108_CSMS", "TC_Q_111_CSMS", "TC_Q_112_CSMS", "TC_Q_121_CSMS", "TC_Q_124_CSMS")
async def test_a_profile_says_who_controls_the_vehicle(
    operator: Operator, charging: Charging, periods: list[Json]
) -> None:
    await set_and_kept(operator, profile("TxProfile", *periods, transactionId=charging.transaction_id))
    await changes_mode(charging, periods[0]["operationMode"])
    assert (await charging.known(operator.system))["active"]


@pytest.mark.parametrize("mode", ["CentralSetpoint", "CentralFrequency"], ids=["TC_Q_109", "TC_Q_117"])
@case("TC_Q_109_CSMS", "TC_Q_117_CSMS")
async def test_the_csms_pushes_setpoints(operator: Operator, charging: Charging, mode: str) -> None:
    await set_and_kept(operator, dynamic(charging.transaction_id, {"operationMode": mode, "setpoint": 5_000}))
    await changes_mode(charging, mode)
    for setpoint in (-5_000, -2_500.5):
        await pushed(operator, {"setpoint": setpoint})


@case("TC_Q_110_CSMS")
async def test_a_station_pulls_setpoints(station: Station, operator: Operator, charging: Charging) -> None:
    await set_and_kept(operator, dynamic(charging.transaction_id, SETPOINT, dynUpdateInterval=60))
    await changes_mode(charging, "CentralSetpoint")
    assert await pulled(station) == {"status": "Accepted", "scheduleUpdate": {"setpoint": -5_000}}


@case("TC_Q_120_CSMS")
async def test_the_signal_for_frequency_restoration_is_passed_on(
    operator: Operator, charging: Charging
) -> None:
    local = {"operationMode": "LocalFrequency", "v2xBaseline": 0, "v2xSignalWattCurve": SIGNAL_CURVE}
    await set_and_kept(operator, profile("TxProfile", local, transactionId=charging.transaction_id))
    await changes_mode(charging, "LocalFrequency")
    for signal in (-100, 42):
        asked = {"timestamp": AT, "signal": signal}
        outcome = await operator.tell("AFRRSignal", asked, {"status": "Accepted"})
        assert outcome["payload"] == asked
