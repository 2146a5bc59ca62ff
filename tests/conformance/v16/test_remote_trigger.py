"""The remote trigger cases of OCPP 1.6."""

from __future__ import annotations

import pytest

from ..case import case
from ..operator import Operator
from .charging import ACCEPTED, Charging, Json, now

SAMPLE = {"value": "1000", "unit": "Wh", "context": "Trigger", "measurand": "Energy.Active.Import.Register"}
TRIGGERED: dict[str, Json] = {
    "MeterValues": {"connectorId": 1, "meterValue": [{"timestamp": now(), "sampledValue": [SAMPLE]}]},
    "Heartbeat": {},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "SuspendedEV"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "FirmwareStatusNotification": {"status": "Idle"},
}


@pytest.mark.parametrize("message", TRIGGERED)
@case("TC_054_CSMS")
async def test_a_triggered_message_is_taken(session: Charging, message: str) -> None:
    operator, payload = session.operator, TRIGGERED[message]
    connector = {"connectorId": 1} if "connectorId" in payload else {}
    await operator.tell("TriggerMessage", {"requestedMessage": message, **connector}, ACCEPTED)
    answer = await operator.station.call(message, payload)
    assert answer.keys() == ({"currentTime"} if message == "Heartbeat" else set())
    if message == "StatusNotification":
        assert (await session.shown())["status"] == "SuspendedEV"
    assert await operator.listed("jobs") == []


@case("TC_055_CSMS")
async def test_the_operator_learns_that_a_trigger_was_rejected(operator: Operator) -> None:
    trigger = {"requestedMessage": "MeterValues", "connectorId": 1}
    await operator.tell("TriggerMessage", trigger, {"status": "Rejected"})
