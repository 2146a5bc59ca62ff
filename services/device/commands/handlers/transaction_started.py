"""TransactionStarted: finds the remote start that the transaction comes from, if any (F01, F02)."""

from __future__ import annotations

from functools import partial

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted

from ..delivery import announce
from ..model import Command, StartedTransaction
from ..remote_start import find_remote_start, publish_match
from ..service import Commands, router


@router.on(TRANSACTION_STARTED)
async def transaction_started(call: Call[TransactionStarted], commands: Commands) -> None:
    found = await find_remote_start(commands, call.station_id, call.request, call.received_at)
    if found is None:
        return
    await publish_match(commands, found, call)
    transaction = StartedTransaction.model_validate_json(call.message.data)
    command = await commands.commands.update(found.id, partial(_started, found, transaction))
    if command.is_final:
        await announce(commands, command)


def _started(found: Command, transaction: StartedTransaction, known: Command | None) -> Command:
    return (known or found).started(transaction)
