"""The operator takes back commands that wait: each is either sent or cancelled, whoever is first."""

from __future__ import annotations

from functools import partial

from libs.csms.errors import Conflict, NotFound
from libs.csms.parallel import each
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query

from ..service import Device
from .batch import Batch
from .command import Command
from .ending import ended, withdraw

PARALLEL = 20


async def cancel(device: Device, id: str) -> Command:
    """Raises ``DomainError`` unless the command waits."""

    def cancelled(command: Command | None) -> Command:
        if command is None:
            raise NotFound("there is no command of that id")
        if command.status != "queued":
            reason = f"the command does not wait any more: it is {command.status}"
            raise Conflict(reason, commandStatus=command.status)
        return command.withdrawn()

    command = await device.commands.update(id, cancelled)
    await ended(device, command)
    return command


async def cancel_batch(device: Device, batch: Batch) -> Batch:
    """What other processes still prepare of it, they withdraw. Raises ``Conflict`` if nothing waits."""
    now = device.clock()
    if batch.status == "running" and not await device.commands.count(_waiting(batch.id)):
        raise Conflict("nothing of the command to many waits any more")
    batch = await device.batches.update(batch.id, lambda known: (known or batch).cancelled(now))
    await withdraw_batch(device, batch.id)
    return batch


async def withdraw_batch(device: Device, batch_id: str) -> None:
    waiting = every(device.commands, Query(_waiting(batch_id), "stationId"))
    await each(waiting, partial(withdraw, device), PARALLEL)


async def is_cancelled(device: Device, command: Command) -> bool:
    """With the command to many that it belongs to."""
    batch = await device.batches.get(command.batch_id) if command.batch_id else None
    return batch is not None and batch.cancelled_at is not None


def _waiting(batch_id: str) -> dict[str, str]:
    return {"batchId": batch_id, "status": "queued"}
