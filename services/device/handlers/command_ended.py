"""CommandEnded: what a station answered about its settings and jobs is kept, like what it reports of them."""

from __future__ import annotations

from contextlib import suppress

from libs.csms.router import Call
from libs.csms.store import Json
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded

from ..job import Kind
from ..model import Station
from ..remote.settings import told_by
from ..service import Device, router

JOBS: dict[str, Kind] = {
    "GetLog": "log",
    "PublishFirmware": "publish-firmware",
    "SignedUpdateFirmware": "firmware",
    "UpdateFirmware": "firmware",
}


class _Gone(Exception):
    """The station has been deleted meanwhile."""


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
    asked_at = command.sent_at

    def inventoried(station: Station | None) -> Station:
        if station is None:
            raise _Gone
        return station.inventoried(asked_at)

    with suppress(_Gone):
        await device.stations.update(station_id, inventoried)
