"""TransactionStarted: perhaps because the station was asked to (F01, F02)."""

from __future__ import annotations

from functools import partial

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted

from ..commands.command import Command, StartedTransaction
from ..remote.sessions import asked_for
from ..service import Device, router


@router.on(TRANSACTION_STARTED)
async def transaction_started(call: Call[TransactionStarted], device: Device) -> None:
    command = await asked_for(device, call.station_id, call.request, call.received_at)
    if command is None:
        return
    transaction = StartedTransaction.model_validate_json(call.message.data)
    await device.commands.update(command.id, partial(_began, command, transaction))
    device.news.tell(command.id)


def _began(found: Command, transaction: StartedTransaction, known: Command | None) -> Command:
    return (known or found).began(transaction)
