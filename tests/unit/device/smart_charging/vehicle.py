"""A vehicle that speaks ISO 15118, as its station tells of it, and what it is offered."""

from __future__ import annotations

from typing import Any

from libs.csms.clients.stations import command_id

from .operator import Clock, Commands, Operator, at
from .profiles import Json, schedule2

AC = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
THREE_PHASES = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": AC}


async def needed(operator: Operator, needs: Json = THREE_PHASES, second: int = 1, evse_id: int = 1) -> str:
    payload = {"evseId": evse_id, "chargingNeeds": needs}
    return str((await operator.call("NotifyEVChargingNeeds", payload, second))["status"])


async def chosen(operator: Operator, limit: float, second: int, unit: str = "A") -> str:
    schedule = schedule2(
        chargingRateUnit=unit, chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}], startSchedule=None
    )
    payload = {"timeBase": at(second), "evseId": 1, "chargingSchedule": schedule}
    return str((await operator.call("NotifyEVChargingSchedule", payload, second))["status"])


async def offer(operator: Operator, clock: Clock, second: float = 1) -> None:
    """What is due so many seconds after the beginning of the test is sent."""
    clock.minutes = second / 60
    await operator.smart_charging.negotiations.offer()


async def taken(operator: Operator, commands: Commands, second: int, status: str = "Accepted") -> None:
    """The station has answered the last command."""
    last = commands.sent[-1]
    id = command_id(last.station_id, last.key)
    await operator.ended(last.action, last.payload, second, {"status": status}, id)


async def shown(operator: Operator) -> Json:
    [known] = await operator.listed("evchargingneeds")
    return known


async def change_policy(operator: Operator, policy: str) -> None:
    path = "/chargingstations/CS1/evchargingneeds/policy"
    answer = await operator.http.put(path, json={"policy": policy})
    assert (answer.status_code, answer.json()["policy"]) == (200, policy)


def limit_of(payload: Json) -> Any:
    return payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
