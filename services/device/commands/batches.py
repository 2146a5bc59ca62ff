"""Makes one command for each station of a command to many. The scheduler then sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from libs.csms.errors import DomainError
from libs.csms.parallel import each
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Query
from libs.ocpp_messages.errors import ErrorCode

from ..registry.model import Station
from ..registry.service import UnknownStation
from .batch import Batch
from .cancellation import expire_batch
from .limits import refuse_too_much
from .model import Command, CommandError, Requester
from .request import CommandRequest, action_of, new_command, payload_of, refuse_untimely
from .service import Commands, NotConnected

PARALLEL = 20
"""Commands that are made at the same time."""


async def prepare(commands: Commands, batch: Batch) -> None:
    """Idempotent, also in several processes at once: the ids of the commands follow from the batch."""

    async def create(selected: tuple[str, Station | None]) -> None:
        command = await _command(commands, batch, *selected)
        await commands.commands.update(command.id, lambda known: known or command)

    await each(_selected(commands, batch), create, PARALLEL)
    prepared = await commands.batches.update(batch.id, lambda known: (known or batch).prepared())
    commands.alarm.set(batch.expires_at)
    if prepared.cancelled_at is not None:
        await expire_batch(commands, batch.id)


async def _selected(commands: Commands, batch: Batch) -> AsyncIterator[tuple[str, Station | None]]:
    """The selected ids with their stations; None for an id that is not registered."""
    wanted = equals(**batch.selection.model_dump(exclude={"ids"}, by_alias=True))
    if batch.selection.ids is None:
        async for station in commands.registry.every(Query(wanted)):
            yield station.id, station
        return
    for id in dict.fromkeys(batch.selection.ids):
        found = await commands.registry.get(id)
        known = found.model_dump(by_alias=True) if found is not None else wanted
        if all(known.get(field) == value for field, value in wanted.items()):
            yield id, found


async def _command(commands: Commands, batch: Batch, id: str, station: Station | None) -> Command:
    """A queued command; or one in error, if it cannot be sent to the station."""
    connection = await commands.connectivity.connection(id)
    requested_by = batch.requested_by or Requester.system("a command to many stations")
    command_request = CommandRequest(
        id, batch.action, batch.payload.encode(), key=batch.id, requested_by=requested_by
    )
    try:
        if station is None:
            raise UnknownStation
        action = action_of(batch.action, connection)
        payload = payload_of(command_request.body)
        command = new_command(command_request, action, payload, commands.clock())
        refuse_untimely(station, action)
        if not (batch.waits or connection.connected):
            raise NotConnected
        await refuse_too_much(commands, id, action.name, payload, len(command_request.body))
        for check in commands.checks:
            await check(id, command.id, action, payload)
    except DomainError as error:
        return Command(
            id=command_request.command_id,
            station_id=id,
            action=batch.action,
            ocpp_version=connection.ocpp_version or "",
            payload=batch.payload,
            status="error",
            stage="ended",
            error=CommandError(code=ErrorCode.GENERIC_ERROR, description=error.detail),
            created_at=commands.clock(),
            batch_id=batch.id,
            requested_by=requested_by,
        )
    return command.changed(
        batch_id=batch.id, waits=True, expires_at=batch.expires_at, due_at=command.created_at
    )
