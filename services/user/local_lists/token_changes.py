"""A token has changed, or is no more: its lists get to know it, even if this process dies meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.csms.parallel import each
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query

from ..service import User
from .entry import Entry, TokenChange


@asynccontextmanager
async def changing(user: User, token: str) -> AsyncIterator[None]:
    """Around every change of a token: the lists it is on get to know it, even if this process dies."""
    change = TokenChange(id=uuid.uuid4().hex, token=token, at=user.clock())
    await user.local_lists.token_changes.put(change.id, change)
    try:
        yield
    finally:
        await spread(user, change)


async def spread(user: User, change: TokenChange) -> None:
    """Tell the lists that a token has changed, or is no more."""
    token = await user.id_tokens.get(change.token)
    is_gone = token is None or token.id_token is None

    async def tell(entry: Entry) -> None:
        def told(known: Entry | None) -> Entry:
            known = known or entry
            return known.unwished() if is_gone else known.doubted()

        await user.local_lists.entries.update(entry.key, told)
        await _touch(user, entry.station_id)

    entries = every(user.local_lists.entries, Query({"token": change.token}, page_size=1000))
    await each([entry async for entry in entries], tell)
    await user.local_lists.token_changes.delete(change.id)


async def _touch(user: User, station_id: str) -> None:
    now = user.clock()
    await user.local_lists.change(station_id, lambda known: known.token_changed(now))
    user.local_lists.news.set()
