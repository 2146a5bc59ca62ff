"""StationDeleted: a new station with the id of a deleted one has none of its profiles."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DELETED, StationDeleted

from ..service import Ledger, router


@router.on(STATION_DELETED)
async def station_deleted(call: Call[StationDeleted], ledger: Ledger) -> None:
    await ledger.profiles.forget(call.station_id, call.received_at)
