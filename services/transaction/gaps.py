"""Asks for missing events: when nothing more has come of a transaction for a while (E14)."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from libs.csms.clock import rfc3339
from libs.csms.storage.queries import update_existing
from libs.csms.storage.store import Query

from .model import Transaction
from .service import TransactionService

log = logging.getLogger(__name__)

TRANSACTIONS_PER_ROUND = 50
"""Asked for at the same time; others follow in the next round."""

ROUND_INTERVAL = timedelta(seconds=2)
"""Time between two rounds while there are more than that, or after a failure."""

RECOVERY_INTERVAL = 300.0
"""Seconds between two searches for transactions that a failed process has not asked for."""


async def keep_asking_for_events(service: TransactionService) -> None:
    """Until cancelled. Several processes may do this at once: the station is asked once for a gap."""
    while True:
        try:
            await ask_for_events(service)
        except Exception:
            log.exception("stations were not asked for missing events")
            service.alarm.set(service.clock() + ROUND_INTERVAL)
        await service.alarm.wait(RECOVERY_INTERVAL)


async def ask_for_events(service: TransactionService) -> None:
    """Publish TransactionIncomplete for every transaction that is due."""
    until = rfc3339(service.clock() + timedelta(milliseconds=1))
    query = Query(order_by="askAt", to=until, page_size=TRANSACTIONS_PER_ROUND)
    due = await service.transactions.find(query)
    async with asyncio.TaskGroup() as tasks:
        for transaction in due.items:
            tasks.create_task(_ask(service, transaction))
    if due.next_page_token:
        service.alarm.set(service.clock() + ROUND_INTERVAL)


async def _ask(service: TransactionService, due: Transaction) -> None:
    """Published before it is stored that it was: if the process dies in between, it is published again."""
    if due.missing_seq_nos:
        await service.publish_incomplete(due)
    await update_existing(service.transactions, due.id, lambda known: known.asked(due))
