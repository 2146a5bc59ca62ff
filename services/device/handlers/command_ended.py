"""CommandEnded: what a station answered about its settings and jobs is kept, like what it reports of them."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.csms.storage.queries import update_existing
from libs.csms.storage.store import Json
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded

from ..job import Kind
from ..remote.settings import told_by
from ..service import Device, router

JOBS: dict[str, Kind] = {
    "GetLog": "log",
    "PublishFirmware": "publish-firmware",
    "SignedUpdateFirmware": "firmware",
    "UpdateFirmware": "firmware",
}

UNHEARD = {"notConnected", "overloaded"}
"""Reasons of a gateway that say nothing of what the station would have answered."""


@router.on(COMMAND_ENDED)
async def command_ended(call: Call[CommandEnded], device: Device) -> None:
    ended = call.request
    if ended.status == "answered":
        variables = told_by(call.station_id, ended, call.received_at)
        await device.reported.keep(device.reported.variables, variables)
        if ended.action in JOBS and ended.response.get("status") == "AcceptedCanceled":
            kind, request_id = JOBS[ended.action], ended.payload["requestId"]
            await device.reported.replaced(call.station_id, kind, request_id, call.received_at)
    if _is_inventory(ended.action, ended.payload) and ended.status in ("answered", "error"):
        await _inventoried(device, call.station_id, ended.id)


def _is_inventory(action: str, payload: Json) -> bool:
    """A station that cannot tell, and says so, is not asked again until it has other firmware."""
    if action == "GetConfiguration":
        return not payload.get("key")
    return action == "GetBaseReport" and payload["reportBase"] == "FullInventory"


async def _inventoried(device: Device, station_id: str, command_id: str) -> None:
    command = await device.commands.get(command_id)
    if command is None or command.sent_at is None:
        return
    if command.error is not None and command.error.reason in UNHEARD:
        return
    asked_at = command.sent_at
    await update_existing(device.stations, station_id, lambda station: station.inventoried(asked_at))
