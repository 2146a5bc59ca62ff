"""Transactions that a person has to look at: found, and ended by the operator."""

from __future__ import annotations

import pytest

from .sessions import ENERGY_WH, METER_START_WH, METER_STOP_WH
from .station import booted_station
from .system import System
from .test_charging import session


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_the_operator_ends_what_the_station_does_not(system: System, name: str, version: str) -> None:
    tag = f"ONE-{name}"
    await system.token(tag, maxActiveTransactions=1)
    await system.register(f"A-{name}", f"B-{name}")
    async with (
        booted_station(system.gateways[0], f"A-{name}", version) as left,
        booted_station(system.gateways[0], f"B-{name}", version) as right,
    ):
        lost = session(version, left, tag)
        assert await lost.start() == "Accepted"
        await lost.meter(0)
        [running] = await system.transactions(left.id)
        end = f"{system.transaction}/transactions/{running['id']}/end"

        too_little = await system.http.post(end, json={"meterStopWh": METER_START_WH - 1})
        ended = await system.http.post(end, json={"meterStopWh": METER_STOP_WH, "reason": "PowerLoss"})
        another = await system.http.post(end, json={"meterStopWh": METER_STOP_WH + 1})
        next_one = session(version, right, tag)
        assert await next_one.start() == "Accepted"

    assert (too_little.status_code, ended.status_code, another.status_code) == (422, 200, 409)
    shown = ended.json()
    assert (shown["active"], shown["energyWh"], shown["stoppedReason"]) == (False, ENERGY_WH, "PowerLoss")
    assert shown["warnings"] == ["the operator ended it"]
    doubtful = f"{system.transaction}/transactions?quality=doubtful&stationId={left.id}"
    assert [one["id"] for one in (await system.get(doubtful))["items"]] == [running["id"]]
