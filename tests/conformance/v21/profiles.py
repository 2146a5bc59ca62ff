"""Charging profiles of OCPP 2.1, and what a vehicle says of itself."""

from __future__ import annotations

from typing import Any

from tests.e2e.station import Station

from ..operator import Operator
from ..v201.events import Charging, Event
from ..v201.profiles import has_profiles, set_profile
from ..v201.reporting import noticed
from ..v201.visit import now

Json = dict[str, Any]


def profile(purpose: str, *periods: Json, schedule: Json | None = None, **more: Any) -> Json:
    """In watts, from now on. Periods are an hour long."""
    timed = [{"startPeriod": 3_600 * number} | period for number, period in enumerate(periods)]
    start = {} if more.get("chargingProfileKind") == "Dynamic" else {"startSchedule": now()}
    one = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": timed} | start | (schedule or {})
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [one],
    } | more


def dynamic(transaction_id: str, period: Json, **more: Any) -> Json:
    """One whose only period changes from time to time (K28)."""
    return profile("TxProfile", period, chargingProfileKind="Dynamic", transactionId=transaction_id, **more)


async def set_and_kept(operator: Operator, wanted: Json) -> None:
    """The station accepts it for its first EVSE, and the CSMS shows it."""
    await set_profile(operator, 1, wanted)
    await has_profiles(operator, (1, wanted))


async def changes_mode(charging: Charging, mode: str) -> None:
    """The station tells that the transaction goes on in another mode."""
    info = {"transactionId": charging.transaction_id, "chargingState": "Charging", "operationMode": mode}
    await charging.tells(Event("Updated", "OperationModeChanged", more={"transactionInfo": info}))


async def pushed(operator: Operator, update: Json, profile_id: int = 1) -> None:
    """The operator changes the period of a dynamic profile."""
    asked = {"chargingProfileId": profile_id, "scheduleUpdate": update}
    outcome = await operator.tell("UpdateDynamicSchedule", asked, {"status": "Accepted"})
    assert outcome["payload"] == asked


async def pulled(station: Station, profile_id: int = 1) -> Json:
    """The station asks for the newest of it."""
    return await station.call("PullDynamicScheduleUpdate", {"chargingProfileId": profile_id})


async def needs(operator: Operator, transfer: str, control: str, **parameters: float) -> str:
    """What the CSMS answers when a vehicle tells what it needs."""
    payload = {
        "evseId": 1,
        "maxScheduleTuples": 3,
        "chargingNeeds": {
            "requestedEnergyTransfer": transfer,
            "availableEnergyTransfer": ["AC_three_phase", "AC_BPT"],
            "controlMode": control,
            "v2xChargingParameters": parameters,
        },
    }
    answer = await operator.station.call("NotifyEVChargingNeeds", payload)
    assert payload in await noticed(operator, "NotifyEVChargingNeeds")
    return str(answer["status"])


async def chosen(operator: Operator, schedule: Json) -> None:
    """The vehicle has made its own schedule of what it was offered."""
    payload = {"timeBase": now(), "evseId": 1, "chargingSchedule": schedule}
    assert await operator.station.call("NotifyEVChargingSchedule", payload) == {"status": "Accepted"}
    assert payload in await noticed(operator, "NotifyEVChargingSchedule")
