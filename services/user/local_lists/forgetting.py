"""The end of a list: its station is no more, or has been given an empty one."""

from __future__ import annotations

from libs.csms.parallel import each

from ..service import User
from .model import LocalList


async def forget(user: User, known: LocalList) -> None:
    """Unless somebody wants the list again at this very moment. What is wanted stays of one that was left."""
    lists, id = user.local_lists, known.station_id
    entries = lists.of_station(id)
    await each([entry async for entry in entries if not (known.leaving and entry.wanted)], lists.drop)
    if known.sending is not None:
        await lists.messages.delete(known.sending.message)
    deleted = await lists.lists.delete(id)
    if deleted is not None and deleted.changes != known.changes:
        await lists.lists.update(id, lambda now: now or deleted)
