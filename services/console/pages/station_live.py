"""What of the page of a station changes while one looks at it: its connectors, its transactions, and whether
it is connected. Forms stay as they are, with what is being typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from hashlib import blake2b

from fastapi import APIRouter, Request, Response

from ..evses import cards_of
from ..live.changes import HEARTBEAT, PAUSE, event
from ..live.event_stream import EventStream
from ..live.feed import Feed, FeedMessage, Listener
from ..person import NotSignedIn, Person, Refusal, ThePerson
from ..rendering import rendered
from .station import frame_of

router = APIRouter()


@router.get("/stream/stations/{id}")
async def stream(request: Request, person: ThePerson, id: str) -> Response:
    await frame_of(person, id)
    return EventStream(_events(request, person, id))


async def _events(request: Request, person: Person, id: str) -> AsyncGenerator[str, None]:
    """A stream begins with all parts, so that what was missed is there again."""
    feed: Feed = request.app.state.feed

    def concerns(message: FeedMessage) -> bool:
        return message.message.station_id == id

    cards = request.query_params.get("shown", "")
    before: Mapping[str, str] = {}
    async with feed.listen(concerns) as messages:
        while True:
            try:
                cards, now = await _parts(request, person, id, cards)
                changed = {name: html for name, html in now.items() if before.get(name) != html}
                before = now
                yield event(_digest(now), _partials(changed)) if changed else ": nothing has changed\n\n"
                if not await _changed(messages):
                    return
                await person.user.get("/me")
            except NotSignedIn:
                return
            except Refusal as refusal:
                if refusal.status in (403, 404):
                    return
                await asyncio.sleep(HEARTBEAT)


async def _changed(messages: Listener) -> bool:
    """When it has, or after a while, as what is measured is not heard of here. False where no more comes."""
    try:
        async with asyncio.timeout(HEARTBEAT):
            if await anext(messages, None) is None:
                return False
    except TimeoutError:
        return True
    await asyncio.sleep(PAUSE)
    return True


async def _parts(request: Request, person: Person, id: str, shown: str) -> tuple[str, Mapping[str, str]]:
    """The EVSEs, and the HTML of each part by its ``id`` in the page. Where there are other EVSEs than those
    that are ``shown``, all of their cards are one part.
    """
    frame = await frame_of(person, id)
    cards = await cards_of(person, frame.status)
    values = {"frame": frame, "key": request.query_params.get("key", "")}
    parts = {"station-state": rendered(request, "station_connection.html", person, **values)}
    evses = "-".join(str(card.evse_id) for card in cards)
    if evses != shown:
        everything = rendered(request, "station_cards.html", person, cards=cards, typed={}, **values)
        return evses, parts | {"evses": everything}
    states = {
        f"state-{card.evse_id}": rendered(request, "station_evse.html", person, card=card, **values)
        for card in cards
    }
    return evses, parts | states


def _digest(parts: Mapping[str, str]) -> str:
    return blake2b("".join(parts.values()).encode(), digest_size=9).hexdigest()


def _partials(parts: Mapping[str, str]) -> str:
    return "".join(
        f'<hx-partial hx-target="#{name}" hx-swap="innerHTML">{html}</hx-partial>'
        for name, html in parts.items()
    )
