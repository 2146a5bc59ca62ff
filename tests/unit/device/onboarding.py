"""A station that connects, boots, reports and leaves, and what the CSMS asks of it by itself."""

from __future__ import annotations

from typing import Any

from libs.ocpp_messages.event import StationConnected, StationDisconnected
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.device.app import router

from .operator import Operator
from .station import Csms

V16 = Version.V16


async def boots(station: Csms, version: Version, firmware: str = "1.0", connection: str = "1") -> None:
    """Connects, and boots."""
    await connects(station, version, connection)
    at = station.clock()
    if version is V16:
        payload: dict[str, Any] = {
            "chargePointVendor": "V",
            "chargePointModel": "M",
            "firmwareVersion": firmware,
        }
    else:
        charging_station = {"vendorName": "V", "model": "M", "firmwareVersion": firmware}
        payload = {"reason": "PowerUp", "chargingStation": charging_station}
    answer = await station.call("BootNotification", payload, version=version, connection_id=connection, at=at)
    assert answer["status"] == "Accepted"


async def connects(station: Csms, version: Version, connection: str) -> None:
    await station.event(StationConnected(), connection_id=connection, at=station.clock())
    await station.device.connectivity.connections.update(
        "CS1",
        lambda known: known.model_copy(update={"ocpp_version": version}),  # type: ignore[union-attr]
    )


async def leaves(station: Csms, connection: str) -> None:
    await station.event(StationDisconnected(code=1000), connection_id=connection, at=station.clock())


async def reports(
    station: Csms, version: Version, number: int, connection: str = "1", connector: int = 1
) -> None:
    at = station.clock()
    if version is V16:
        payload: dict[str, Any] = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
    else:
        payload = {
            "timestamp": "2026-11-20T12:00:00Z",
            "connectorStatus": "Available",
            "evseId": number,
            "connectorId": connector,
        }
    await station.call("StatusNotification", payload, version=version, connection_id=connection, at=at)


async def asked(operator: Operator, seconds: float) -> list[Message]:
    """What the station is asked by so many seconds after the beginning, by two replicas."""
    await operator.look_after(seconds)
    await operator.look_after(seconds)
    return [operator.sent.get_nowait()[1] for _ in range(operator.sent.qsize())]


async def deliver_events(operator: Operator) -> None:
    """Deliver the events of the device service to the device service."""
    events = operator.events
    operator.bus.published.clear()
    for event in events:
        await router.handle(event, operator.bus, operator.device, operator.clock)


async def answer(operator: Operator, command: Message, response: dict[str, Any]) -> None:
    await operator.answer(command, response)
    await deliver_events(operator)
