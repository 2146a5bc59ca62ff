"""Stations made with the ``ocpp`` package, as many test benches are. Their times have no zone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from ocpp import v16, v21, v201
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from .system import System

PACKAGES: dict[str, Any] = {"ocpp1.6": v16, "ocpp2.0.1": v201, "ocpp2.1": v21}
BEGIN = datetime(2026, 3, 1, 10)
"""Without zone, as these stations send it."""


def time(minute: int) -> str:
    return (BEGIN + timedelta(minutes=minute)).isoformat()


@asynccontextmanager
async def charge_point(url: str, id: str, version: str) -> AsyncIterator[Any]:
    async with connect(f"{url}/{id}", subprotocols=[Subprotocol(version)]) as websocket:
        station = PACKAGES[version].ChargePoint(id, websocket)
        listening = asyncio.create_task(station.start())
        try:
            yield station
        finally:
            listening.cancel()


async def charge_v16(station: Any, id_tag: str) -> None:
    call = v16.call
    boot = await station.call(call.BootNotification(charge_point_model="M", charge_point_vendor="V"))
    assert boot.status == "Accepted"
    await station.call(
        call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing", timestamp=time(0))
    )
    started = await station.call(
        call.StartTransaction(connector_id=1, id_tag=id_tag, meter_start=1000, timestamp=time(0))
    )
    assert started.id_tag_info["status"] == "Accepted"
    sample = {"value": "1500", "unit": "Wh"}
    meter_value = [{"timestamp": time(1), "sampledValue": [sample]}]
    id = started.transaction_id
    await station.call(call.MeterValues(connector_id=1, transaction_id=id, meter_value=meter_value))
    await station.call(call.StopTransaction(meter_stop=2500, timestamp=time(2), transaction_id=id))


async def charge_v2(package: Any, station: Any, id_token: str) -> None:
    call = package.call
    info = {"vendor_name": "V", "model": "M"}
    boot = await station.call(call.BootNotification(charging_station=info, reason="PowerUp"))
    assert boot.status == "Accepted"
    await station.call(
        call.StatusNotification(timestamp=time(0), connector_status="Occupied", evse_id=1, connector_id=1)
    )

    def event(type_: str, seq_no: int, wh: int, **more: Any) -> Any:
        meter_value = [{"timestamp": time(seq_no), "sampled_value": [{"value": wh}]}]
        return call.TransactionEvent(
            event_type=type_,
            timestamp=time(seq_no),
            trigger_reason="MeterValuePeriodic",
            seq_no=seq_no,
            transaction_info={"transaction_id": f"TX-{id_token}"},
            meter_value=meter_value,
            **more,
        )

    token = {"id_token": id_token, "type": "ISO14443"}
    started = await station.call(event("Started", 0, 1000, evse={"id": 1, "connector_id": 1}, id_token=token))
    assert started.id_token_info["status"] == "Accepted"
    await station.call(event("Updated", 1, 1500))
    await station.call(event("Ended", 2, 2500))


@pytest.mark.parametrize("version", PACKAGES)
async def test_a_station_whose_times_have_no_zone_charges(
    system: System, cs: str, tag: str, version: str
) -> None:
    package = PACKAGES[version]
    async with charge_point(system.gateways[0], cs, version) as station:
        await (charge_v16(station, tag) if package is v16 else charge_v2(package, station, tag))

    async with asyncio.timeout(30):
        while not (found := await system.transactions(cs)) or found[0]["active"]:
            await asyncio.sleep(0.05)
    [transaction] = found
    expected = {
        "energyWh": 1500,
        "meterStartWh": 1000,
        "meterStopWh": 2500,
        "startedAt": "2026-03-01T10:00:00.000Z",
        "endedAt": "2026-03-01T10:02:00.000Z",
    }
    assert {name: transaction.get(name) for name in expected} == expected
    rules = {
        rule["rule"]
        for rule in (await system.get(f"{system.device}/chargingstations/{cs}/deviations"))["items"]
    }
    assert rules == {"timestampFormat"}
