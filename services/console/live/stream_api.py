"""``GET /events/stream``: what happens in the CSMS, as server-sent events for programs and pages."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, contextmanager
from enum import StrEnum
from typing import Annotated, Any

import orjson
from fastapi import Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import Field

from libs.csms.access.callers import Caller, TheCaller
from libs.csms.access.groups import StationGroups, UnknownStation
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clock import Clock
from libs.csms.errors import DomainError, TooMany
from libs.csms.storage.store import Document
from libs.ocpp_messages.event import STATION_FRAME

from .event_stream import EventStream
from .feed import TOPICS, Feed, FeedMessage, Listener, Reload
from .shown import ShownStations, data_for, types_for
from .watch import watching

HEARTBEAT = 15.0
"""Seconds without an event after which a comment is sent, so that nobody takes the stream for dead."""

MAX_DURATION = 300.0
"""Seconds after which a stream ends. Who comes again goes on where he was, if he may still see it."""

MAX_STREAMS = 50
"""That one caller has open at the same time."""

RELOAD = "reload"
"""The type of the event that says: something is missing, read anew what you know."""

EventType = StrEnum("EventType", {topic: topic for topic in TOPICS})  # type: ignore[misc]


class StreamEvent(Document):
    """The ``data`` of one server-sent event. Its ``event`` is the type, its ``id`` the place."""

    type: str = Field(description="The name of the event, or `<Action>Request` of a message of a station.")
    station_id: str = Field(description="The station that it concerns; empty for none.")
    at: str = Field(description="When it happened, or was published; RFC 3339 in UTC.")
    message_id: str = Field(description="Of the message on the bus: the same where it is delivered twice.")
    gateway_id: str = Field(description="The gateway that holds the connection; may be empty.")
    connection_id: str = Field(description="The connection of the station; may be empty.")
    ocpp_version: str | None = Field(description="The version that the connection speaks.")
    data: Any = Field(
        description="The fields of the event, or the payload of the message, without secrets. Null where it"
        " was longer than 48 KiB."
    )


_OPENAPI = {
    200: {
        "description": "Server-sent events. One of the type `reload` says that some may be missing.",
        "content": {"text/event-stream": {"schema": StreamEvent.model_json_schema(by_alias=True)}},
    }
}


def stream_api(feed: Feed, stations: StationGroups, clock: Clock) -> ScopedRouter:
    router = ScopedRouter(reads=Scope.STATIONS_READ, tags=["events"])
    streams: Counter[str] = Counter()

    @router.get(
        "/events/stream",
        response_class=StreamingResponse,
        responses=_OPENAPI,  # type: ignore[arg-type]
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def stream_events(
        caller: TheCaller,
        type: Annotated[list[EventType], Query(max_length=len(TOPICS))] = [],  # noqa: B006
        station_id: Annotated[str | None, Query(alias="stationId", max_length=48)] = None,
        group: Annotated[str | None, Query(max_length=100)] = None,
        last_event_id: Annotated[str, Query(alias="lastEventId", max_length=50)] = "",
        shown_id: Annotated[str, Header(alias="Last-Event-ID", max_length=50)] = "",
    ) -> EventStream:
        """What happens from now on, or since `Last-Event-ID` where that is known here. Each `type` needs the
        scope of what it shows; without one, all come that the caller may see. Frames are those of one
        `stationId`, which is watched for as long as the stream lasts. A stream ends after five minutes: come
        again with `Last-Event-ID`.
        """
        types = types_for(caller, [str(one) for one in type])
        shown = ShownStations(caller, group, stations)
        if station_id is not None and not await shown.include(station_id):
            raise UnknownStation

        def wanted(message: FeedMessage) -> bool:
            return message.type in types and station_id in (None, message.message.station_id)

        async with AsyncExitStack() as needed:
            needed.enter_context(_one_more(streams, caller))
            listener = await needed.enter_async_context(feed.listen(wanted, shown_id or last_event_id))
            if station_id is not None and STATION_FRAME.name in types:
                await needed.enter_async_context(watching(feed.bus, station_id, clock))
            return EventStream(_events(listener, caller, shown), needed.pop_all())

    return router


@contextmanager
def _one_more(streams: Counter[str], caller: Caller) -> Iterator[None]:
    """Raises ``TooMany``."""
    if streams[caller.id] >= MAX_STREAMS:
        raise TooMany("too many streams of this caller are open", retry_after=5)
    streams[caller.id] += 1
    try:
        yield
    finally:
        streams[caller.id] -= 1
        if not streams[caller.id]:
            del streams[caller.id]


async def _events(listener: Listener, caller: Caller, shown: ShownStations) -> AsyncGenerator[bytes, None]:
    """Until the feed ends, or the stream has lasted long enough."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + MAX_DURATION
    while clock() < ends_at:
        try:
            async with asyncio.timeout(HEARTBEAT):
                message = await anext(listener)
        except TimeoutError:
            yield KEEPALIVE_COMMENT
            continue
        except StopAsyncIteration:
            return
        if text := await _event(message, caller, shown):
            yield text


async def _event(message: FeedMessage | Reload, caller: Caller, shown: ShownStations) -> bytes | None:
    """None for what he must not see."""
    if isinstance(message, Reload):
        return _reload(message)
    try:
        if not await shown.include(message.message.station_id):
            return None
    except DomainError:
        return _reload(Reload(message.id, "unknownGroup"))
    event = _shown_event(caller, message)
    return format_sse_event(event=message.type, id=message.id, data_str=event.model_dump_json(by_alias=True))


def _reload(reload: Reload) -> bytes:
    data = orjson.dumps({"reason": reload.reason}).decode()
    return format_sse_event(event=RELOAD, id=reload.id, data_str=data)


def _shown_event(caller: Caller, found: FeedMessage) -> StreamEvent:
    message = found.message
    return StreamEvent(
        type=found.type,
        station_id=message.station_id,
        at=message.sent_at,
        message_id=message.message_id,
        gateway_id=message.gateway_id,
        connection_id=message.connection_id,
        ocpp_version=message.ocpp_version,
        data=data_for(caller, found),
    )
