"""Takes back commands that are not sent yet, whether they wait in the CSMS or in a gateway."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from libs.csms.clock import rfc3339
from libs.csms.errors import Conflict
from libs.csms.messaging.bus import UnknownTopic
from libs.csms.parallel import each
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import COMMAND_CANCELLED, CommandCancelled
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .batch import Batch
from .delivery import announce_end, outcome
from .model import Command
from .service import Commands, UnknownCommand

GATEWAY_TIMEOUT = 5.0
"""Seconds that a gateway has to take back a command."""

POLL_INTERVAL = 0.5
"""Seconds between two looks whether the gateways have taken back the commands to many stations."""

PARALLEL = 20
"""Commands that are cancelled at the same time."""


class NotWaiting(Conflict):
    """A command cannot be cancelled that has been sent or has ended."""

    @classmethod
    def of(cls, command: Command) -> NotWaiting:
        return cls(f"the command does not wait any more: {command.what_became_of_it}", **command.facts)


async def cancel(commands: Commands, id: str) -> Command:
    """Expire a command that is not sent. Raises ``UnknownCommand`` and ``NotWaiting``."""
    now = commands.clock()

    def cancelled(command: Command | None) -> Command:
        if command is None:
            raise UnknownCommand
        if command.status != "queued":
            raise NotWaiting.of(command)
        return command.cancelled(now)

    command = await commands.commands.update(id, cancelled)
    if command.stage == "published":
        await _ask_gateway(commands, command)
        return await _taken_back(commands, command)
    await announce_end(commands, command)
    return command


async def _taken_back(commands: Commands, command: Command) -> Command:
    """Raises ``NotWaiting`` if it is sent, or its gateway does not say that it is not."""
    command = await outcome(commands, command, GATEWAY_TIMEOUT, lambda one: one.status != "queued")
    if command.status != "expired":
        raise NotWaiting.of(command)
    return command


async def cancel_batch(commands: Commands, batch: Batch) -> Batch:
    """Expire its commands that are not sent; a process that still prepares it expires its own. Raises
    ``NotWaiting``.
    """
    now = commands.clock()
    if batch.status == "running" and not await commands.commands.count(_unsent(batch.id)):
        raise NotWaiting("nothing of the command to many waits any more")
    batch = await commands.batches.update(batch.id, lambda known: (known or batch).cancelled(now))
    await expire_batch(commands, batch.id)
    with suppress(TimeoutError):
        async with asyncio.timeout(GATEWAY_TIMEOUT):
            while await commands.commands.count(_unsent(batch.id)):
                await asyncio.sleep(POLL_INTERVAL)
    return batch


async def expire_batch(commands: Commands, batch_id: str) -> None:
    """Expire what waits in the CSMS, and ask the gateways for what waits there."""
    unsent = every(commands.commands, Query(_unsent(batch_id), "stationId"))
    await each(unsent, partial(_cancel, commands), PARALLEL)


async def is_cancelled(commands: Commands, command: Command) -> bool:
    """Whether the command to many that it belongs to is cancelled."""
    batch = await commands.batches.get(command.batch_id) if command.batch_id else None
    return batch is not None and batch.cancelled_at is not None


async def _cancel(commands: Commands, found: Command) -> None:
    now = commands.clock()
    command = await update_existing(commands.commands, found.id, lambda known: known.cancelled(now))
    if command is None:
        return
    if command.status == "expired":
        await announce_end(commands, command)
    elif command.status == "queued":
        await _ask_gateway(commands, command)


async def _ask_gateway(commands: Commands, command: Command) -> None:
    """If the connection is not the newest any more, its gateway answers the command anyway."""
    connection = await commands.connectivity.connection(command.station_id)
    if connection.connection_id != command.connection_id:
        return
    event = Message(
        data=encode(CommandCancelled(id=command.id)),
        message_id=command.id,
        station_id=command.station_id,
        action=COMMAND_CANCELLED.name,
        kind=Kind.EVENT,
        sent_at=rfc3339(commands.clock()),
        origin=Direction.TO_STATION,
        ocpp_version=Version(command.ocpp_version),
        gateway_id=connection.gateway_id,
        connection_id=connection.connection_id,
    )
    with suppress(UnknownTopic):  # the gateway has ended with its topic
        await commands.bus.publish(connection.inbox or event.action, event)


def _unsent(batch_id: str) -> dict[str, str]:
    return {"batchId": batch_id, "status": "queued"}
