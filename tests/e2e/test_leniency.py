"""A station that writes messages as it likes charges like any other, and the operator sees what it does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .sessions import ENERGY_WH, METER_STOP_WH, Json, Session2, Session16
from .station import Refused, Station, booted_station
from .system import System

SPELLED_LOUDLY = {"unit", "context", "reason", "stoppedReason", "eventType", "measurand", "chargingState"}


def careless(value: Any, name: str = "") -> Any:
    """The same with other capitals, without zones, and with texts and numbers in the place of the other."""
    match value:
        case dict():
            return {key: careless(part, key) for key, part in value.items()}
        case list():
            return [careless(part, name) for part in value]
        case str() if name == "timestamp":
            return value.replace("T", " ").removesuffix("Z")
        case str() if name == "value":
            return float(value)
        case str() if name in SPELLED_LOUDLY:
            return value.upper()
        case int() | float() if not isinstance(value, bool):
            return str(value)
    return value


def make_careless(station: Station) -> None:
    clean = station.call

    async def call(action: str, payload: Json, timeout: float = 30) -> Json:
        return await clean(action, {**careless(payload), "vendorExtra": None, "x": [1]}, timeout)

    station.call = call  # type: ignore[method-assign]


async def rules_of(system: System, cs: str, expected: set[str]) -> set[str]:
    """The rules among the deviations of a station, once the expected ones are there."""
    async with asyncio.timeout(20):
        while True:
            shown = await system.get(f"{system.device}/chargingstations/{cs}/deviations")
            rules = {one["rule"] for one in shown["items"]}
            if rules >= expected:
                return rules
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_careless_station_charges_like_a_careful_one(
    system: System, cs: str, tag: str, version: str
) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        make_careless(connected)
        charging = Session16(connected, tag) if version == "1.6" else Session2(connected, "TX-1", tag)
        await charging.status("Available")
        assert await charging.authorize() == "Accepted"
        assert await charging.start() == "Accepted"
        for step in range(3):
            await charging.meter(step)
        await charging.stop()

    [transaction] = await system.transactions(cs)
    charged = {
        "active": False,
        "energyWh": ENERGY_WH,
        "meterStopWh": METER_STOP_WH,
        "stoppedReason": "EVDisconnected",
        "startedAt": "2026-03-01T10:00:00.000Z",
        "endedAt": "2026-03-01T10:09:00.000Z",
    }
    assert {name: transaction[name] for name in charged} == charged
    expected = {"timestampFormat", "numberAsText", "unknownField", "unknownValue"}
    assert "furtherDeviations" not in await rules_of(system, cs, expected)


async def test_a_refused_stop_is_told_to_the_station_and_to_the_operator(
    system: System, cs: str, tag: str
) -> None:
    async with booted_station(system.gateways[0], cs, "1.6") as connected:
        charging = Session16(connected, tag)
        await charging.start()
        stop = {
            "transactionId": charging.transaction_id,
            "meterStop": "much",
            "timestamp": "2026-03-01T10:09:00Z",
        }

        with pytest.raises(Refused, match="meterStop: must be integer"):
            await connected.call("StopTransaction", stop)

        await rules_of(system, cs, {"TypeConstraintViolation"})
