"""``GET /events/stream`` over HTTP: what callers are shown of the feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import create_server
from typing import Any, NamedTuple, cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Send
from starlette.types import Scope as ScopeOfAsgi

from libs.csms.access.callers import CALLER, LOCAL, Caller
from libs.csms.access.groups import IdsInGroup, UnknownStation
from libs.csms.access.scopes import ROLES, Role
from libs.csms.clock import utc_now
from libs.csms.errors import Unavailable
from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.provision import provision
from libs.csms.web.server import serve
from libs.ocpp_messages.message import Message
from services.console.live import stream_api
from services.console.live.app import events_api
from services.console.live.feed import Feed
from tests.unit.rest import SETTINGS

from .test_feed import FeedBus, message, until

VIEWER = Caller("v", "key", ROLES[Role.VIEWER])
OPERATOR = Caller("o", "key", ROLES[Role.OPERATOR])
TECHNICIAN = Caller("t", "key", ROLES[Role.TECHNICIAN])
BOUND = Caller("b", "key", ROLES[Role.OPERATOR], frozenset({"north"}))


class Groups:
    """CS1 is in the north, CS2 in the south, and nobody knows others."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    async def group_of(self, id: str) -> str | None:
        self.asked += 1
        if self.broken:
            raise Unavailable("nobody answers")
        found = {"CS1": "north", "CS2": "south"}.get(id)
        if found is None:
            raise UnknownStation
        return found

    async def ids_in_group(self, group: str, size: int, token: str) -> IdsInGroup:
        return [], ""


class Event(NamedTuple):
    type: str
    id: str
    data: Any


@dataclass
class Stream:
    response: httpx.Response
    lines: AsyncIterator[str]

    async def next(self) -> Event:
        """The next event; a comment has neither type nor id."""
        fields = {"event": "", "id": "", "data": "null"}
        async with asyncio.timeout(10):
            async for line in self.lines:
                if not line:
                    break
                name, _, value = line.partition(":")
                fields[name] = value.strip()
            else:
                raise EOFError
        return Event(fields["event"], fields["id"], json.loads(fields["data"]))


class Server:
    def __init__(self, bus: FeedBus, feed: Feed, groups: Groups, client: httpx.AsyncClient) -> None:
        self.bus = bus
        self.feed = feed
        self.groups = groups
        self.caller = LOCAL
        self.client = client
        self.tasks: list[asyncio.Task[None]] = []

    async def publish(self, action: str, station: str = "CS1", **data: Any) -> None:
        await self.bus.publish(action, message(action, station, data))

    @asynccontextmanager
    async def stream(
        self, caller: Caller = LOCAL, headers: dict[str, str] | None = None, **parameters: Any
    ) -> AsyncIterator[Stream]:
        self.caller = caller
        async with self.client.stream(
            "GET", "/events/stream", params=parameters, headers=headers
        ) as response:
            assert response.status_code == 200
            yield Stream(response, response.aiter_lines())

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    bus, groups = FeedBus(), Groups()
    await provision(bus, [])
    feed = Feed(bus)
    listener, started = create_server(("127.0.0.1", 0)), asyncio.Event()
    app = events_api(SETTINGS, feed, groups, utc_now)

    async def called(scope: ScopeOfAsgi, receive: Receive, send: Send) -> None:
        await app({**scope, CALLER: server.caller}, receive, send)

    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url) as client:
        server = Server(bus, feed, groups, client)
        server.tasks = [
            asyncio.create_task(feed.run()),
            asyncio.create_task(serve(cast(FastAPI, called), SETTINGS, listener, started.set)),
        ]
        await started.wait()
        async with feed.listen() as first:  # so that the subscriptions are there for all tests
            await anext(first)
            yield server
        await server.stop()


async def test_events_come_with_their_type_station_time_and_data(server: Server) -> None:
    async with server.stream(type="StationConnected") as stream:
        await server.publish("StationDisconnected")
        await server.publish("StationConnected", remoteAddress="192.0.2.1")
        event = await stream.next()

    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    assert event.type == "StationConnected" and event.id == server.feed.position
    assert event.data == {
        "type": "StationConnected",
        "stationId": "CS1",
        "at": "2026-11-22T02:00:00.000Z",
        "messageId": "m1",
        "gatewayId": "",
        "connectionId": "",
        "ocppVersion": None,
        "data": {"remoteAddress": "192.0.2.1"},
    }


async def test_only_events_of_the_station_and_of_several_types_come(server: Server) -> None:
    async with server.stream(type=["StationConnected", "CommandEnded"], stationId="CS2") as stream:
        await server.publish("CommandEnded", "CS1")
        await server.publish("CommandEnded", "CS2")
        event = await stream.next()
        await server.publish("StationConnected", "CS2")
        assert (event.data["stationId"], (await stream.next()).type) == ("CS2", "StationConnected")


@pytest.mark.parametrize("parameter", [{}, {"group": "north"}])
async def test_who_is_bound_to_groups_sees_their_stations_only(
    server: Server, parameter: dict[str, str]
) -> None:
    async with server.stream(BOUND, **parameter) as stream:
        for id in ("CS2", "unknown", "", "CS1"):
            await server.publish("ConnectionRefused", id)
        assert (await stream.next()).data["stationId"] == "CS1"
        await server.publish("StationConnected", "CS1")
        await stream.next()
    assert server.groups.asked == 3  # CS1 once


async def test_a_group_filters_for_everybody(server: Server) -> None:
    async with server.stream(group="south") as stream:
        await server.publish("StationConnected", "CS1")
        await server.publish("StationConnected", "CS2")
        assert (await stream.next()).data["stationId"] == "CS2"


async def test_the_door_is_shown_to_who_sees_all_stations(server: Server) -> None:
    async with server.stream(VIEWER, type="ConnectionRefused") as stream:
        await server.publish("ConnectionRefused", "", path="/x")
        assert (await stream.next()).data["data"] == {"path": "/x"}


async def test_while_nobody_knows_the_groups_one_has_to_read_anew(server: Server) -> None:
    server.groups.broken = True
    async with server.stream(BOUND) as stream:
        await server.publish("StationConnected", "CS1")
        event = await stream.next()
    assert (event.type, event.data) == ("reload", {"reason": "unknownGroup"})


async def test_a_station_of_another_group_is_not_there(server: Server) -> None:
    server.caller = BOUND
    response = await server.client.get("/events/stream", params={"stationId": "CS2"})
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("type", "scope"),
    [
        ("StationFrame", "messages:read"),
        ("DeadLetter", "deadletters:read"),
        ("MessageRefused", "messages:read"),
    ],
)
async def test_who_asks_for_what_he_may_not_see_is_refused(server: Server, type: str, scope: str) -> None:
    server.caller = VIEWER
    response = await server.client.get("/events/stream", params={"type": type})
    assert (response.status_code, response.json()["missingScope"]) == (403, scope)


async def test_who_asks_for_no_type_is_not_shown_what_he_may_not_see(server: Server) -> None:
    async with server.stream(VIEWER) as stream:
        await server.publish("StationFrame", text="[]")
        await server.publish("DeadLetter")
        await server.publish("StationConnected")
        assert (await stream.next()).type == "StationConnected"


async def test_an_unknown_type_is_refused(server: Server) -> None:
    response = await server.client.get("/events/stream", params={"type": "Rumour"})
    assert response.status_code == 422


FRAME = '[2,"1","Authorize",{"idTag":"CARD0001"}]'
CUT = '[2,"1","Authorize",{"idTag":"CARD0001","x":"'


@pytest.mark.parametrize("text", [FRAME, CUT])
async def test_tokens_are_masked_also_in_the_texts_of_frames(server: Server, text: str) -> None:
    data = {"text": text, "idToken": "CARD0001"}
    async with server.stream(TECHNICIAN) as stream:
        await server.publish("StationFrame", **data)
        shown = (await stream.next()).data["data"]
    assert shown["idToken"] == "****0001" and "CARD" not in shown["text"]

    async with server.stream(OPERATOR) as stream:
        await server.publish("StationFrame", **data)
        assert (await stream.next()).data["data"] == data


async def test_the_frames_of_a_station_are_asked_of_the_gateways(server: Server) -> None:
    asked: asyncio.Queue[Message] = asyncio.Queue()
    subscription = Subscription("test", "StationWatched")
    await server.bus.create_subscription(subscription)
    consuming = asyncio.create_task(server.bus.consume(subscription, asked.put))
    async with server.stream(type="StationFrame", stationId="CS1"):
        async with asyncio.timeout(10):
            watched = await asked.get()
    consuming.cancel()
    await asyncio.wait([consuming])
    assert watched.station_id == "CS1" and "until" in json.loads(watched.data)


async def test_a_stream_goes_on_behind_the_last_event(server: Server) -> None:
    async with server.stream() as stream:
        await server.publish("StationConnected", "CS1")
        await server.publish("StationConnected", "CS2")
        first = await stream.next()
    async with server.stream(headers={"Last-Event-ID": first.id}) as stream:
        assert (await stream.next()).data["stationId"] == "CS2"
    async with server.stream(lastEventId=first.id) as stream:
        assert (await stream.next()).data["stationId"] == "CS2"
    async with server.stream(headers={"Last-Event-ID": "other-7"}) as stream:
        event = await stream.next()
        assert (event.type, event.data, event.id) == ("reload", {"reason": "resumed"}, server.feed.position)


async def test_a_comment_comes_while_nothing_happens(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_api, "HEARTBEAT", 0.01)
    async with server.stream() as stream:
        assert await stream.next() == Event("", "", None)
        await server.publish("StationConnected")
        while (event := await stream.next()).type == "":
            pass
        assert event.type == "StationConnected"


async def test_a_stream_ends_after_a_while(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_api, "MAX_DURATION", 0.0)
    async with server.stream() as stream:
        with pytest.raises(EOFError):
            await stream.next()


async def test_streams_end_in_good_order_when_the_server_stops(server: Server) -> None:
    async with server.stream() as stream:
        await server.publish("StationConnected")
        await stream.next()
        stopping = asyncio.create_task(server.stop())
        with pytest.raises(EOFError):
            await stream.next()
        await stopping
    assert server.bus.subscriptions == {}


async def test_one_caller_has_so_many_streams_open_and_another_one_after_he_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_api, "MAX_STREAMS", 1)
    async with server.stream(VIEWER):
        assert (await server.client.get("/events/stream")).status_code == 429
        async with server.stream(OPERATOR):
            pass
    await until(lambda: len(server.feed._listeners) == 1)
    async with server.stream(VIEWER):
        pass


async def test_who_leaves_is_no_listener_any_more(server: Server) -> None:
    async with server.stream() as stream:
        await server.publish("StationConnected")
        await stream.next()
        assert len(server.feed._listeners) == 2
    await until(lambda: len(server.feed._listeners) == 1)
