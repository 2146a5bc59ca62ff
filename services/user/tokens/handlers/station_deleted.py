"""StationDeleted: its wrong KeyCodes are forgotten."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DELETED, StationDeleted

from ..service import Tokens, router


@router.on(STATION_DELETED)
async def station_deleted(call: Call[StationDeleted], tokens: Tokens) -> None:
    await tokens.guesses.station_deleted(call.station_id)
