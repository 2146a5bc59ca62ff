"""StationDismissed: a new station with the id of a deleted one has none of its profiles."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DISMISSED, StationDismissed

from ..service import Ledger, router


@router.on(STATION_DISMISSED)
async def station_dismissed(call: Call[StationDismissed], ledger: Ledger) -> None:
    if call.request.deleted:
        await ledger.profiles.forget(call.station_id, call.received_at)
