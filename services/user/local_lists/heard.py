"""What others do with a station, as far as its local list is concerned."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import CommandEnded

from ..model import key as token_key
from ..service import User
from .entry import key
from .wishes import unwish


async def local_list_sent(call: Call[CommandEnded], user: User) -> None:
    """By us, or by somebody who sent SendLocalList as a command: then nobody knows what the station has."""
    if call.request.station_status != "Accepted" and call.request.status != "timeout":
        return
    match call.request.payload:
        case {"versionNumber": int(version)} | {"listVersion": int(version)}:
            now = user.clock()
            await user.local_lists.change(
                call.station_id, lambda known: known.heard(call.request.id, version, now)
            )
            user.local_lists.news.set()


async def customer_cleared(call: Call[CommandEnded], user: User) -> None:
    """A station that forgets a customer is to have the token no more (N10)."""
    match call.request:
        case CommandEnded(
            status="answered",
            payload={"clear": True, "idToken": {"idToken": str(id_token)}},
            response={"status": "Accepted"},
        ):
            await _take_out(user, call.station_id, token_key(id_token, None), call.request.id)


async def _take_out(user: User, station_id: str, token: str, command_id: str) -> None:
    known = await user.local_lists.lists.get(station_id)
    entry = await user.local_lists.entries.get(key(station_id, token))
    if known is None or command_id in known.commands or entry is None or not entry.wanted:
        return
    await unwish(user, station_id, token)
    now = user.clock()
    await user.local_lists.change(station_id, lambda one: one.customer_cleared(command_id, now))
    user.local_lists.news.set()
