"""A station tells of itself through the whole system, on the embedded pair and on the emulators."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from .station import booted_station
from .system import System

AT = "2026-03-01T10:00:00Z"


def part(seq_no: int, evse: int, tbc: bool) -> dict[str, Any]:
    payload = {
        "component": {"name": "EVSE", "evse": {"id": evse}},
        "variable": {"name": "Power"},
        "variableAttribute": [{"value": str(1_000 * evse), "mutability": "ReadOnly"}],
        "variableCharacteristics": {"dataType": "decimal", "supportsMonitoring": True, "maxLimit": 22_000.5},
    }
    return {"requestId": 1, "generatedAt": AT, "seqNo": seq_no, "tbc": tbc, "reportData": [payload]}


async def test_what_a_station_tells_of_itself_can_be_read(system: System, cs: str) -> None:
    async def listed(service: str, path: str, **params: object) -> list[Any]:
        page = await system.get(f"{service}/chargingstations/{cs}/{path}?{urlencode(params)}")
        items: list[Any] = page["items"]
        return items

    async with booted_station(system.gateways[0], cs, "2.1") as connected:
        stream = {"id": 3, "pending": 0, "basetime": AT, "data": [{"t": 0.5, "v": "230"}]}
        await connected.send([6, "s1", "NotifyPeriodicEventStream", stream])
        assert await connected.call("NotifyReport", part(1, 2, tbc=False)) == {}
        assert await connected.call("NotifyReport", part(0, 1, tbc=True)) == {}
        limit = {"chargingLimit": {"chargingLimitSource": "EMS"}}
        assert await connected.call("NotifyChargingLimit", limit) == {}
        for status in ("Downloading", "Installed"):
            await connected.call("FirmwareStatusNotification", {"status": status, "requestId": 5})
        gone = {"reservationId": 7, "reservationUpdateStatus": "Expired"}
        assert await connected.call("ReservationStatusUpdate", gone) == {}

    [second] = await listed(system.device, "variables", component="EVSE", evseId=2)
    assert second["attributes"][0]["value"] == "2000"
    assert len(await listed(system.device, "variables")) == 2
    assert [report["status"] for report in await listed(system.device, "reports")] == ["complete"]
    [job] = await listed(system.device, "jobs", kind="firmware")
    assert (job["outcome"], len(job["history"])) == ("succeeded", 2)
    messages = await listed(system.device, "messages", action="NotifyChargingLimit")
    assert [one["payload"] for one in messages] == [limit]
    assert [one["payload"] for one in await listed(system.user, "messages")] == [gone]
    async with asyncio.timeout(30):
        while not (values := await listed(system.device, "messages", action="NotifyPeriodicEventStream")):
            await asyncio.sleep(0.05)
    assert [one["payload"] for one in values] == [stream]
