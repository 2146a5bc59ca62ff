"""Turns a command to many into a command to each, which is then delivered like any that waits."""

from __future__ import annotations

from collections.abc import AsyncIterator

from libs.csms.errors import Conflict, DomainError, NotFound
from libs.csms.parallel import each
from libs.csms.storage.queries import equals, every
from libs.csms.storage.store import Query
from libs.ocpp_messages.errors import ErrorCode

from ..connection import Connection
from ..model import Station
from ..operations import NOT_FOUND
from ..service import Device
from .batch import Batch
from .cancelling import withdraw_batch
from .command import Command, CommandError
from .requests import refuse_profile, refuse_untimely
from .station_limits import refuse_too_much
from .wish import Wish, action_of, command_id, journaled, payload_of

PARALLEL = 20


async def prepare(device: Device, batch: Batch) -> None:
    """Again, or by several at once, it does the same: the ids of the commands come from the batch."""

    async def note(selected: tuple[str, Station | None]) -> None:
        command = await _command(device, batch, *selected)
        await device.commands.update(command.id, lambda known: known or command)

    await each(_selected(device, batch), note, PARALLEL)
    prepared = await device.batches.update(batch.id, lambda now: (now or batch).prepared())
    if prepared.cancelled_at is not None:
        await withdraw_batch(device, batch.id)


async def _selected(device: Device, batch: Batch) -> AsyncIterator[tuple[str, Station | None]]:
    """With None where there is no station of an id."""
    wanted = batch.selection.model_dump(exclude={"ids"}, by_alias=True)
    selected = equals(**wanted)
    if batch.selection.ids is None:
        async for station in every(device.stations, Query(selected)):
            yield station.id, station
        return
    for id in dict.fromkeys(batch.selection.ids):
        found = await device.stations.get(id)
        told = found.model_dump(by_alias=True) if found is not None else selected
        if all(told.get(field) == value for field, value in selected.items()):
            yield id, found


async def _command(device: Device, batch: Batch, id: str, station: Station | None) -> Command:
    """To be delivered as soon as the station is there; or in error, if it cannot get it."""
    connection = await device.connections.get(id) or Connection(station_id=id)
    wish = Wish(id, batch.action, batch.payload.encode(), key=batch.id)
    own = {"batch_id": batch.id, "waits": True, "expires_at": batch.expires_at}
    try:
        if station is None:
            raise NotFound(NOT_FOUND)
        action = action_of(batch.action, connection)
        payload = payload_of(wish.body)
        command = journaled(wish, action, payload, device.clock())
        refuse_untimely(station, action)
        if not (batch.waits or connection.connected):
            raise Conflict("the charging station is not connected")
        await refuse_too_much(device, id, action.name, payload, len(wish.body))
        await refuse_profile(device, command, payload)
    except DomainError as problem:
        return Command(
            id=command_id(wish),
            station_id=id,
            action=batch.action,
            ocpp_version=connection.ocpp_version or "",
            payload=batch.payload,
            status="error",
            error=CommandError(code=ErrorCode.GENERIC_ERROR, description=problem.detail),
            created_at=device.clock(),
            batch_id=batch.id,
        )
    return command.model_copy(update=own | {"due_at": command.created_at})
