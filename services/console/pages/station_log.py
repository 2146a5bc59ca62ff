"""The log of one station: what is stored of it, and frames as they pass while one looks at the page."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT

from libs.csms.clock import utc_now
from libs.csms.errors import Unavailable
from libs.ocpp_messages.event import STATION_FRAME

from ..exchanges import IN, OUT, Exchange, Filters, Pairing, of_command, of_message
from ..live.app import caller_of
from ..live.changes import event
from ..live.event_stream import EventStream
from ..live.feed import Feed, FeedMessage, Listener, Reload
from ..live.shown import data_for
from ..live.watch import watching
from ..person import NotSignedIn, Parameter, Person, Refusal, ThePerson
from ..rendering import rendered, segment, url
from .station import frame_of, rest_of, section_page

router = APIRouter()

SHOWN = 50
"""Exchanges of each service, before the first frame comes."""

DOWNLOADED = 1_000

DIRECTIONS = (IN, OUT)

MAX_DRAWN = 500
"""Rows of which a stream knows that the page has them. The page keeps no more."""

LOOK = 15.0
"""Seconds after which it is asked again whether the person may still look, and a quiet stream says that it
lives.
"""


@router.get("/stations/{id}/log")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    """``before`` is a moment: with it, the page shows what was stored before, and nothing as it happens."""
    filters, before = _filters(request), request.query_params.get("before", "")
    if request.query_params.get("format") == "jsonl":
        return await _download(person, id, filters, before)
    frame = await frame_of(person, id)
    exchanges = await _stored(person, id, filters, before, SHOWN)
    here = f"{frame.path}/log"
    asked = {"action": filters.action, "direction": filters.direction, "q": filters.q}
    feed: Feed = request.app.state.feed
    return section_page(
        request,
        person,
        "station_log.html",
        frame,
        exchanges=exchanges,
        filters=filters,
        directions=DIRECTIONS,
        before=before,
        here=here,
        stream="" if before else url(f"{here}/stream", **asked, since=feed.position),
        older=url(here, **asked, before=exchanges[-1].at) if len(exchanges) >= SHOWN else "",
        newest=url(here, **asked),
        download=url(here, **asked, before=before, format="jsonl"),
    )


@router.get("/stations/{id}/log/stream")
async def stream(request: Request, person: ThePerson, id: str) -> Response:
    """Rows of the log as server-sent events, for as long as one looks."""
    await _check(person, id)
    feed: Feed = request.app.state.feed

    def wanted(message: FeedMessage) -> bool:
        return message.type == STATION_FRAME.name and message.message.station_id == id

    since = request.headers.get("Last-Event-ID") or request.query_params.get("since", "")
    try:
        async with AsyncExitStack() as needed:
            messages = await needed.enter_async_context(feed.listen(wanted, since))
            await needed.enter_async_context(watching(feed.bus, id, utc_now))
            return EventStream(_events(request, person, id, messages), needed.pop_all())
    except Unavailable as error:
        raise Refusal(503, {"detail": str(error)}) from error


async def _check(person: Person, id: str) -> None:
    """Raises ``Refusal`` or ``NotSignedIn``, if he may not see the messages of the station."""
    await person.device.get(f"{rest_of(id)}/messages", pageSize=1)


async def _events(
    request: Request, person: Person, id: str, messages: Listener
) -> AsyncGenerator[bytes, None]:
    clock = asyncio.get_running_loop().time
    rows, look_at = _Rows(request, person), clock() + LOOK
    while True:
        try:
            if clock() >= look_at:
                await _check(person, id)
                look_at = clock() + LOOK
                yield KEEPALIVE_COMMENT
            async with asyncio.timeout_at(look_at):
                message = await anext(messages)
        except TimeoutError:
            continue
        except (NotSignedIn, Refusal, StopAsyncIteration):
            return
        if text := rows.event(message):
            yield text.encode()


class _Rows:
    """The rows of one stream, drawn as frames pass."""

    def __init__(self, request: Request, person: Person) -> None:
        self._request = request
        self._person = person
        self._caller = caller_of(person.me)
        self._filters = _filters(request)
        self._comes_again = "Last-Event-ID" in request.headers
        self._pairing = Pairing()
        self._drawn: OrderedDict[str, None] = OrderedDict()
        """Ids of the newest rows that the page has."""

    def event(self, message: FeedMessage | Reload) -> str:
        """As a server-sent event; empty where there is nothing to show."""
        if isinstance(message, Reload):
            is_gap = message.reason == "slow" or (self._comes_again and message.reason == "resumed")
            return event(message.id, self._row("missing")) if is_gap else ""
        frame = data_for(self._caller, message)
        if frame is None:
            return event(message.id, self._row("missing"))
        exchange = self._pairing.take(message.message.connection_id, message.message.sent_at, frame)
        if not self._filters.fit(exchange):
            return ""
        if exchange.id in self._drawn:
            return event(message.id, self._row("changed", exchange))
        self._drawn[exchange.id] = None
        if len(self._drawn) > MAX_DRAWN:
            self._drawn.popitem(last=False)
        return event(message.id, self._row("new", exchange))

    def _row(self, what: str, exchange: Exchange | None = None) -> str:
        values = {"what": what, "exchange": exchange}
        return rendered(self._request, "station_log_event.html", self._person, **values)


async def _download(person: Person, id: str, filters: Filters, before: str) -> Response:
    exchanges = await _stored(person, id, filters, before, DOWNLOADED)
    lines = b"".join(orjson.dumps(one.line) + b"\n" for one in exchanges)
    disposition = f"attachment; filename*=UTF-8''{segment(id)}.jsonl"
    return Response(lines, media_type="application/jsonl", headers={"Content-Disposition": disposition})


async def _stored(person: Person, id: str, filters: Filters, before: str, most: int) -> Sequence[Exchange]:
    """What the services have kept, newest first. Each has the messages that it consumes; some have the same.

    Raises ``Refusal``.
    """
    path = f"{rest_of(id)}/messages"
    asked: dict[str, Parameter] = {"pageSize": most, "to": before, "action": filters.action}
    pages = await asyncio.gather(
        *(api.get(path, **asked) for api in (person.device, person.transaction, person.user)),
        person.device.get("/commands", stationId=id, **asked),
    )
    commands = pages.pop()["items"]
    messages = [message for page in pages for message in page["items"]]
    told_apart = {orjson.dumps(message): message for message in messages}
    found = [*map(of_message, told_apart.values()), *map(of_command, commands)]
    fitting = [exchange for exchange in found if filters.fit(exchange)]
    return sorted(fitting, key=lambda exchange: exchange.at, reverse=True)[:most]


def _filters(request: Request) -> Filters:
    given = request.query_params
    direction = given.get("direction", "")
    return Filters(
        given.get("action", "").strip(), direction if direction in DIRECTIONS else "", given.get("q", "")
    )
