"""Of two connections of a station the one that was admitted last counts, whatever the clocks say."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from libs.csms.clients.admission import Admission
from libs.csms.clock import Clock
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.connection import Connection
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, FakeCsms, Station, fake_csms, result
from .listening_gateway import admission, closed, listening_gateway

REPLACED = 1008, "replaced by a newer connection of the station"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RESET = {"type": "Immediate"}


def an_hour_apart() -> list[Clock]:
    """The clock of gateway 0 is an hour behind that of gateway 1."""
    return [lambda: NOW - timedelta(minutes=30), lambda: NOW + timedelta(minutes=30)]


async def is_served(csms: FakeCsms, station: Station, where: Message) -> None:
    """In both directions."""
    station.sends(2, "1", "Heartbeat", {})
    assert await station.receives() == [3, "1", CURRENT_TIME]
    await csms.command(where, "Reset", RESET, "c9")
    assert await station.receives() == [2, "c9", "Reset", RESET]
    assert station.closed is None


@pytest.mark.parametrize("routing", [ByAction, Inbox])
@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
async def test_the_newest_connection_wins_though_the_clocks_of_the_gateways_differ_by_an_hour(
    routing: type[ByAction | Inbox], first: int, second: int
) -> None:
    async with fake_csms(routing, routing, clocks=an_hour_apart()) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        old = csms.station(gateway=first)
        older = await connected.next()

        new = csms.station(gateway=second)
        newer = await connected.next()

        assert (await gone.next()).connection_id == older.connection_id < newer.connection_id
        assert old.closed == REPLACED
        await is_served(csms, new, newer)


@pytest.mark.parametrize("gateway", [0, 1])
async def test_a_connection_that_was_admitted_before_another_but_begins_after_it_ends_at_once(
    gateway: int,
) -> None:
    """On the same gateway, and on another one that was still upgrading it when it heard of the newer one."""
    async with fake_csms(ByAction, ByAction) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        fence = csms.gateways[gateway].fences.of("CS1")
        new = csms.station(gateway=0, number=2)
        newer = await connected.next()
        marker = csms.station("marker", gateway=gateway)
        marker.leaves()
        await gone.next()

        old = csms.station(gateway=gateway, number=1, fence=fence)

        older = await gone.next()
        assert old.closed == REPLACED
        assert older.connection_id < newer.connection_id
        await is_served(csms, new, newer)


async def test_the_older_of_two_ends_before_the_bus_tells_of_the_newer() -> None:
    async with fake_csms() as csms:
        csms.bus.stuck.add("StationConnected")
        new = csms.station(number=2)

        old = csms.station(number=1)

        assert (old.closed, new.closed) == (REPLACED, None)


async def test_an_older_connection_does_not_come_back_after_the_newer_one_has_left() -> None:
    async with fake_csms() as csms:
        gone = await csms.tap("StationDisconnected")
        fence = csms.gateways[0].fences.of("CS1")
        csms.station(number=2).leaves()
        await gone.next()

        old = csms.station(number=1, fence=fence)

        await gone.next()
        assert old.closed == REPLACED


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (1, 0)])
async def test_commands_for_the_older_connection_never_reach_the_newer(first: int, second: int) -> None:
    async with fake_csms(ByAction, ByAction, clocks=an_hour_apart()) as csms:
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        answers = await csms.tap("ResetResponse")
        old = csms.station(gateway=first)
        old.leaves_when_closed = False
        older = await connected.next()
        await csms.command(older, "Reset", RESET, "in work")
        assert (await old.receives())[1] == "in work"
        await csms.command(older, "Reset", RESET, "waiting")
        await csms.command(older, "Reset", RESET, "marker", connection_id="0")
        assert (await answers.next()).message_id == "marker"
        new = csms.station(gateway=second)
        await old.ends()

        await csms.command(older, "Reset", RESET, "too late")

        for id in ("in work", "waiting", "too late"):
            answer = await answers.next()
            assert (answer.message_id, answer.connection_id) == (id, older.connection_id)
            assert (b"disconnected" if id == "in work" else b"notConnected") in answer.data
        await csms.command(await connected.next(), "Reset", RESET, "c1")
        assert (await new.receives())[1] == "c1"
        old.leaves()
        await gone.next()
        assert old.received_nothing and new.received_nothing


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (1, 0)])
async def test_what_the_older_connection_still_answers_changes_nothing(first: int, second: int) -> None:
    async with fake_csms(ByAction, ByAction, clocks=an_hour_apart()) as csms:
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        answers = await csms.tap("ResetResponse")
        old = csms.station(gateway=first)
        old.leaves_when_closed = False
        older = await connected.next()
        await csms.command(older, "Reset", RESET, "c1")
        await old.receives()
        new = csms.station(gateway=second)
        newer = await connected.next()
        assert b"disconnected" in (await answers.next()).data

        await csms.command(newer, "Reset", RESET, "c1")
        await new.receives()
        old.sends(3, "c1", {"status": "Rejected"})
        old.leaves()
        await gone.next()
        new.sends(3, "c1", {"status": "Accepted"})

        answer = await answers.next()
        assert (answer.connection_id, answer.data) == (newer.connection_id, b'{"status":"Accepted"}')
        assert answers.empty


async def test_a_command_for_a_connection_that_is_just_being_closed_is_answered_that_it_is_gone() -> None:
    async with fake_csms() as csms:
        connected, answers = await csms.tap("StationConnected"), await csms.tap("ResetResponse")
        station = csms.station()
        station.leaves_when_closed = False
        where = await connected.next()
        station.sends_text(b"binary")
        await station.ends()

        await csms.command(where, "Reset", RESET)

        assert b"notConnected" in (await answers.next()).data
        assert station.received_nothing


async def test_news_of_an_older_connection_do_not_end_the_newer() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        connected = await csms.tap("StationConnected")
        new = csms.station(number=5)
        newer = await connected.next()
        older = Connection.admitted("CS1", Version.V201, "", 4)

        await csms.bus.publish(
            "StationConnected", msgspec.structs.replace(newer, connection_id=older.id, gateway_id="gw9")
        )
        await connected.next()

        await is_served(csms, new, newer)


async def test_sockets_are_ordered_by_their_admission_and_not_by_their_upgrade() -> None:
    """The first to be admitted waits for its answer until the second has been upgraded."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        granted = admission()
        if not asked.is_set():
            asked.set()
            await answer.wait()
        return granted

    async with listening_gateway(admit) as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        connecting = asyncio.ensure_future(gateway.connect())
        await asked.wait()
        async with gateway.connect() as second:
            await second.send('[2,"1","Heartbeat",{}]')
            await second.recv()

            answer.set()

            async with await connecting as first:
                assert await closed(first) == REPLACED
            await second.send('[2,"2","Heartbeat",{}]')
            assert str(await second.recv()).startswith('[3,"2"')


def test_ids_sort_by_number_and_differ_between_stations() -> None:
    numbers = [1, 9, 10, 255, 256, 1_795_000_000_000, 16**13 - 1]

    ids = [Connection.admitted("CS1", Version.V201, "", number).id for number in numbers]

    assert ids == sorted(ids)
    assert {len(id) for id in ids} == {26}
    assert len({Connection.admitted("CS1", Version.V201, "", 7).id for _ in range(1000)}) == 1000
