"""The rows of a list as they change, to the browser that shows them. What it shows has a digest, which it
names when it comes again, to any replica and after any interruption: it then gets what is different, if any.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import Request, Response

from ..fleet import Fleet
from ..person import NotSignedIn, Person, Refusal
from .event_stream import EventStream
from .feed import Feed, Listener, Reload

if TYPE_CHECKING:
    from ..listing import Shown

PAUSE = 0.15
"""Seconds in which changes are gathered, before the stations that changed are read again."""

MAX_STATIONS = 20
"""That are read again one by one. Where more have changed, the whole fleet is read, as often as it may be."""

FIRST_WAIT = 1.0
"""Seconds after which the list is looked at again for the first time: a page may show a fleet that was read
just before somebody registered a station, which is no event.
"""

HEARTBEAT = 15.0
"""Seconds without a change after which a comment is sent, so that no proxy takes the connection for dead; and
after which it is asked again whether the person is still signed in."""


class Ended(Exception):
    """The process stops."""


def changes(request: Request, person: Person, read: Callable[[], Awaitable[Shown]]) -> Response:
    """A stream of them."""
    shown = request.headers.get("Last-Event-ID") or request.query_params.get("shown", "")
    return EventStream(_events(request.app.state.feed, person, read, shown))


async def _events(
    feed: Feed, person: Person, read: Callable[[], Awaitable[Shown]], shown: str
) -> AsyncGenerator[str, None]:
    before: Shown | None = None
    wait = FIRST_WAIT
    async with feed.listen(lambda message: bool(message.message.station_id)) as messages:
        while True:
            try:
                now = await read()
                if now.digest != shown:
                    yield event(now.digest, difference(before, now))
                before, shown = now, now.digest
                if await person.fleet.is_being_read():
                    continue
                is_changed, wait = await _changed(messages, person.fleet, wait), HEARTBEAT
                if not is_changed:
                    await person.user.get("/me")
                    yield ": nothing has changed\n\n"
            except Refusal:  # a service restarts: what it knows is read again with the next change
                await asyncio.sleep(HEARTBEAT)
            except (NotSignedIn, Ended):
                return


async def _changed(messages: Listener, fleet: Fleet, wait: float) -> bool:
    """Whether stations have changed, which are read again then. Raises ``Ended``."""
    ids: set[str] = set()
    until = time.monotonic() + wait
    is_whole = True
    while True:
        try:
            async with asyncio.timeout(max(until - time.monotonic(), 0)):
                message = await anext(messages, None)
        except TimeoutError:
            break
        if message is None:
            raise Ended
        if not ids and is_whole:
            until = time.monotonic() + PAUSE
        if isinstance(message, Reload):
            is_whole = False
        else:
            ids.add(message.message.station_id)
    if not is_whole or len(ids) > MAX_STATIONS:
        fleet.forget()
    elif ids:
        await fleet.refresh(ids)
    return bool(ids) or not is_whole


def difference(before: Shown | None, now: Shown) -> str:
    """The rows that are different, or all of it where there are others, or in another order."""
    if before is None or list(before.rows) != list(now.rows):
        return now.whole
    different = {id: row for id, row in now.rows.items() if row != before.rows[id]}
    return (
        "".join(
            f'<hx-partial hx-target=\'[id="{id}"]\' hx-swap="outerHTML">{row}</hx-partial>'
            for id, row in different.items()
        )
        or now.whole
    )


def event(id: str, html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"id: {id}\n{lines}\n"
