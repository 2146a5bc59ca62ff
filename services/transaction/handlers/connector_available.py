"""ConnectorAvailable: a transaction that is still active at this connector is marked."""

from __future__ import annotations

from libs.csms.clock import parse_time
from libs.csms.messaging.router import Call
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.event import CONNECTOR_AVAILABLE, ConnectorAvailable

from ..model import Transaction
from ..service import TransactionService, router


@router.on(CONNECTOR_AVAILABLE)
async def connector_available(call: Call[ConnectorAvailable], service: TransactionService) -> None:
    """There is no warning where a later message of the transaction has come, or comes yet."""
    since = parse_time(call.request.since)
    active = Query({"stationId": call.station_id, "active": True}, "startedAt", descending=True)
    async for transaction in every(service.transactions, active):
        if _is_at(transaction, call.request):
            await service.note(transaction.id, since, {"connectorAvailable": 1})


def _is_at(transaction: Transaction, place: ConnectorAvailable) -> bool:
    """In OCPP 1.6, connector n counts as EVSE n."""
    if transaction.evse_id is None:
        return transaction.connector_id == place.evse_id
    return transaction.evse_id == place.evse_id and transaction.connector_id in (None, place.connector_id)
