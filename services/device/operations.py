"""What both sets of paths do with stations. Raises ``DomainError`` for what the caller did wrong."""

from __future__ import annotations

from collections.abc import Callable

from libs.csms.errors import Conflict, Invalid, NotFound
from libs.csms.storage.queries import every, update_from
from libs.csms.storage.store import Query

from .bodies import NewStation, StationBody
from .commands.ending import withdraw_all
from .dismissal import announce_deletion, revoke_access
from .model import Station
from .service import Device

NOT_FOUND = "there is no charging station of that id"
_DELETED = "the charging station has been deleted"
_REASONS = {
    "Pending": "the charging station is to ask again whether it may operate",
    "Rejected": "the charging station has been rejected",
}


async def existing(device: Device, id: str) -> Station:
    station = await device.stations.get(id)
    if station is None:
        raise NotFound(NOT_FOUND)
    return station


async def create(device: Device, body: NewStation) -> Station:
    def created(station: Station | None) -> Station:
        if station is not None:
            raise Conflict("there is a charging station of that id already")
        return body.created()

    return await device.stations.update(body.id, created)


async def change(
    device: Device, id: str, body: StationBody, changed: Callable[[Station], Station]
) -> Station:
    """The id in the path wins; another one in the body is an error."""
    if body.id is not None and body.id != id:
        raise Invalid("body.id: differs from the id in the path")

    def found(station: Station | None) -> Station:
        if station is None:
            raise NotFound(NOT_FOUND)
        return changed(station)

    before, station = await update_from(device.stations, id, found)
    was = before.registration_status if before is not None else ""
    if station.registration_status not in ("Accepted", was):
        await revoke_access(device, id, _REASONS[station.registration_status])
    return station


async def delete(device: Device, id: str) -> Station:
    """With all that belongs to the station, itself last. An open connection remains known until it ends."""
    await existing(device, id)
    await device.credentials.delete(id)
    async for connector in every(device.connectors, Query(equals={"stationId": id})):
        await device.connectors.delete(connector.key)
    await device.reported.forget(id)
    await withdraw_all(device, id)
    connection = await device.connections.get(id)
    if connection is not None and not connection.connected:
        await device.connections.delete(id)
    station = await device.stations.delete(id)
    if station is None:
        raise NotFound(NOT_FOUND)
    await revoke_access(device, id, _DELETED)
    await announce_deletion(device, id)
    return station
