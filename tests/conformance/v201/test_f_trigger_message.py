"""F Remote control: the CSMS asks for a message, and the station sends it (F06)."""

from __future__ import annotations

import pytest

from libs.csms.clock import parse_time, utc_now

from ..case import case
from ..operator import Operator
from .visit import ACCEPTED, Json, Notify, Visit, meter_value, notify_availability, notify_status, statuses


async def trigger(operator: Operator, message: str, evse: Json | None = None) -> None:
    """``evse`` None is all of them, and is left out."""
    payload = {"requestedMessage": message} | ({"evse": evse} if evse else {})
    await operator.tell("TriggerMessage", payload, ACCEPTED)


@pytest.mark.parametrize(("evse", "evse_ids"), [({"id": 1}, [1]), (None, [1, 2])], ids=["one", "all"])
@case("TC_F_11_CSMS", "TC_F_12_CSMS")
async def test_meter_values_are_asked_for(operator: Operator, evse: Json | None, evse_ids: list[int]) -> None:
    await trigger(operator, "MeterValues", evse)

    for evse_id in evse_ids:
        payload = {"evseId": evse_id, "meterValue": [meter_value(1000, "Trigger")]}
        assert await operator.station.call("MeterValues", payload) == {}
    assert await operator.system.transactions(operator.station.id) == []


@pytest.mark.parametrize(("evse", "evse_ids"), [({"id": 1}, [1]), (None, [1, 2])], ids=["one", "all"])
@case("TC_F_13_CSMS", "TC_F_14_CSMS")
async def test_the_state_of_transactions_is_asked_for(
    operator: Operator, tag: str, evse: Json | None, evse_ids: list[int]
) -> None:
    visits = [Visit(operator, tag, evse_id) for evse_id in evse_ids]
    for visit in visits:
        await visit.begin()
    await trigger(operator, "TransactionEvent", evse)

    for visit in visits:
        measured = [meter_value(1000 + visit.evse["id"], "Trigger")]
        info = {"chargingState": "Charging"}
        assert await visit.event("Trigger", info=info, evse=visit.evse, meterValue=measured) == {}

    for visit in visits:
        known = await visit.known()
        assert (known["active"], known["chargingState"]) == (True, "Charging")
        assert known["evseId"] == visit.evse["id"]
        [measured_value] = await visit.meter_values()
        assert (measured_value["context"], measured_value["value"]) == ("Trigger", 1000 + visit.evse["id"])


@pytest.mark.parametrize("message", ["LogStatusNotification", "FirmwareStatusNotification"])
@case("TC_F_15_CSMS", "TC_F_18_CSMS")
async def test_a_station_says_that_it_is_idle(operator: Operator, message: str) -> None:
    await trigger(operator, message)

    assert await operator.station.call(message, {"status": "Idle"}) == {}

    [notice] = await operator.listed(f"messages?action={message}")
    assert notice["payload"] == {"status": "Idle"}
    assert await operator.listed("jobs") == []


@case("TC_F_20_CSMS")
async def test_a_heartbeat_is_asked_for(operator: Operator) -> None:
    await trigger(operator, "Heartbeat")

    answer = await operator.station.call("Heartbeat", {})

    assert list(answer) == ["currentTime"]
    assert abs((parse_time(answer["currentTime"]) - utc_now()).total_seconds()) < 10


@pytest.mark.parametrize("notify", [notify_status, notify_availability])
@pytest.mark.parametrize("status", ["Available", "Occupied"])
@case("TC_F_23_CSMS", "TC_F_24_CSMS")
async def test_the_state_of_a_connector_is_asked_for(operator: Operator, notify: Notify, status: str) -> None:
    await notify(operator.station, status)
    await trigger(operator, "StatusNotification", {"id": 1, "connectorId": 1})

    await notify(operator.station, status)
    assert await statuses(operator) == {(1, 1): status}


@case("TC_F_27_CSMS")
async def test_a_station_cannot_send_what_is_asked_for(operator: Operator) -> None:
    payload = {"requestedMessage": "SignCombinedCertificate"}
    command = await operator.tell("TriggerMessage", payload, {"status": "NotImplemented"})

    assert await operator.listed("commands?action=TriggerMessage") == [command]
