"""A stop that its gateway has to refuse ends its transaction all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .sessions import ENERGY_WH, METER_STOP_WH, Session2, Session16, at
from .station import Refused, Station, booted_station
from .system import System
from .test_charging import session


async def until_ended(system: System, cs: str) -> Any:
    async with asyncio.timeout(30):
        while True:
            [transaction] = await system.transactions(cs)
            if not transaction["active"]:
                return transaction
            await asyncio.sleep(0.05)


async def refused_stop(connected: Station, charging: Session16 | Session2) -> None:
    if isinstance(charging, Session16):
        stop = {"transactionId": charging.transaction_id, "timestamp": at(9), "meterStop": METER_STOP_WH}
        await connected.call("StopTransaction", stop | {"idTag": {"tag": "?"}})
    else:
        await connected.call("TransactionEvent", charging.ended() | {"seqNo": "four"})


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_refused_stop_ends_its_transaction(system: System, cs: str, tag: str, version: str) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        charging = session(version, connected, tag)
        await charging.start()
        for step in range(3):
            await charging.meter(step)
        for _ in range(2):
            with pytest.raises(Refused):
                await refused_stop(connected, charging)
        salvaged = await until_ended(system, cs)
        await charging.stop()

    [transaction] = await system.transactions(cs)
    assert (salvaged["energyWh"], salvaged["quality"]) == (ENERGY_WH, "doubtful")
    assert [warning.split(":")[0] for warning in salvaged["warnings"]] == ["salvaged"]
    assert (transaction["energyWh"], transaction["stoppedReason"]) == (ENERGY_WH, "EVDisconnected")
    assert transaction["warnings"] == salvaged["warnings"]
