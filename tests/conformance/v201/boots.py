"""The tester's station of OCPP 2.x starts, and starts again after a reset."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.station import Station
from tests.e2e.station import station as connected
from tests.e2e.system import System

from .events import report_status

Json = dict[str, Any]
CHARGING_STATION = {
    "vendorName": "ACME",
    "model": "M1",
    "serialNumber": "SN-1",
    "firmwareVersion": "1.2.3",
    "modem": {"iccid": "8931", "imsi": "20404"},
}


async def boots(station: Station, reason: str = "PowerUp") -> Json:
    """The answer of the CSMS, which has all that it must have."""
    boot = {"reason": reason, "chargingStation": CHARGING_STATION}
    answer = await station.call("BootNotification", boot)
    assert answer.keys() == {"currentTime", "interval", "status"}
    assert answer["interval"] > 0
    assert answer["currentTime"].endswith("Z")
    time = datetime.fromisoformat(answer["currentTime"])
    assert abs(datetime.now(UTC) - time) < timedelta(seconds=5)
    return answer


@asynccontextmanager
async def rebooted(
    csms: System, station: Station, reason: str, version: str = "2.0.1"
) -> AsyncIterator[Station]:
    """The station has gone, has come back, and tells that its connector is free."""
    await station.websocket.close()
    async with connected(csms.gateways[0], station.id, version) as again:
        assert (await boots(again, reason))["status"] == "Accepted"
        shown = await csms.get(f"{csms.device}/chargingstations/{station.id}")
        assert shown["bootReason"] == reason
        await report_status(again, "Available")
        yield again


async def decide(csms: System, id: str, status: str) -> None:
    """The operator lets the station operate, wait, or go."""
    url = f"{csms.device}/chargingstations/{id}"
    answer = await csms.http.patch(url, json={"registrationStatus": status})
    assert answer.status_code == 200, answer.text


async def shown_status(csms: System, id: str, evse_id: int = 1) -> str:
    """Of the connector, as the CSMS knows it."""
    connectors = (await csms.status(id))["connectors"]
    [status] = [one["status"] for one in connectors if one["evseId"] == evse_id]
    return str(status)
