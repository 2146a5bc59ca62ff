"""The sessions of one gateway and of several: which connection counts, and what the bus is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.connection import ConnectionIds
from services.websocket_gateway.limits import Limits
from services.websocket_gateway.routing import ByAction, Inbox

from .lab import CURRENT_TIME, Lab, lab, result, until


def beat(call: Message) -> Message | None:
    return result(CURRENT_TIME)(call)


async def test_a_connection_is_announced_before_its_first_call_and_its_end_after_the_last() -> None:
    async with lab() as it:
        connected, disconnected = await it.tap("StationConnected"), await it.tap("StationDisconnected")

        station = it.station("CS 1/ü", Version.V16)
        station.sends(2, "1", "Heartbeat", {})
        station.leaves(1001, "bye")
        opened, closed = await connected.next(), await disconnected.next()

        assert it.bus.published == ["StationConnected", "HeartbeatRequest", "StationDisconnected"]
        assert (opened.kind, opened.station_id, opened.ocpp_version) == (Kind.EVENT, "CS 1/ü", Version.V16)
        assert json.loads(opened.data) == {"remoteAddress": "192.0.2.1:1"}
        assert closed.connection_id == opened.connection_id
        assert (opened.gateway_id, closed.gateway_id) == ("gw0", "gw0")
        assert json.loads(closed.data) == {"code": 1001, "reason": "bye"}


async def test_an_inbox_is_announced_with_the_connection() -> None:
    async with lab(Inbox) as it:
        connected = await it.tap("StationConnected")

        it.station()

        assert json.loads((await connected.next()).data)["inbox"] == "gateway-gw0"


async def test_a_station_is_sent_away_when_its_connection_cannot_be_announced() -> None:
    async with lab() as it:
        disconnected = await it.tap("StationDisconnected")
        it.bus.broken.add("StationConnected")

        station = it.station()

        await until(lambda: station.closed is not None)
        assert station.closed == (1013, "the CSMS cannot take connections now")
        assert json.loads((await disconnected.next()).data)["code"] == 1013


async def test_a_newer_connection_replaces_the_older_and_its_end_changes_nothing() -> None:
    async with lab() as it:
        await it.service("HeartbeatRequest", beat)
        connected, gone = await it.tap("StationConnected"), await it.tap("StationDisconnected")
        old = it.station()
        first = await connected.next()

        new = it.station()
        second = await connected.next()

        closed = await gone.next()
        assert second.connection_id > first.connection_id == closed.connection_id
        assert old.closed == (1008, "replaced by a newer connection of the station")
        new.sends(2, "1", "Heartbeat", {})
        assert await new.receives() == [3, "1", CURRENT_TIME]
        await it.command(second, "ClearCache", {})
        assert (await new.receives())[1:3] == ["c1", "ClearCache"]
        assert new.closed is None and gone.empty


async def test_an_answer_to_the_older_connection_does_not_reach_the_newer() -> None:
    async with lab() as it:
        calls = await it.tap("HeartbeatRequest")
        old = it.station()
        old.sends(2, "1", "Heartbeat", {})
        first = await calls.next()
        new = it.station()
        new.sends(2, "1", "Heartbeat", {})
        second = await calls.next()

        stale = result({"currentTime": "1970-01-01T00:00:00Z"})(first)
        assert stale
        await it.bus.publish(first.reply_to, stale)
        await it.bus.publish(second.reply_to, beat(second) or second)

        assert await new.receives() == [3, "1", CURRENT_TIME]
        assert new.received_nothing and old.received_nothing


async def test_what_a_replaced_connection_still_sends_is_dropped() -> None:
    async with lab() as it:
        calls, gone = await it.tap("HeartbeatRequest"), await it.tap("StationDisconnected")
        connected = await it.tap("StationConnected")
        old = it.station()
        old.leaves_when_closed = False
        await connected.next()
        it.station()
        await until(lambda: old.closed is not None)

        old.sends(2, "1", "Heartbeat", {})
        old.leaves(1006)

        assert json.loads((await gone.next()).data)["code"] == 1008
        assert calls.empty


@pytest.mark.parametrize("routings", [(ByAction, ByAction), (Inbox, Inbox), (ByAction, Inbox)])
async def test_a_newer_connection_to_another_gateway_replaces_the_older(
    routings: tuple[type[ByAction | Inbox], ...],
) -> None:
    async with lab(*routings) as it:
        await it.service("HeartbeatRequest", beat)
        connected, gone = await it.tap("StationConnected"), await it.tap("StationDisconnected")
        old = it.station(gateway=0)
        first = await connected.next()
        await _later(it, first)

        new = it.station(gateway=1)

        assert (await gone.next()).connection_id == first.connection_id
        assert old.closed == (1008, "replaced by a newer connection of the station")
        new.sends(2, "1", "Heartbeat", {})
        assert await new.receives() == [3, "1", CURRENT_TIME]
        assert new.closed is None


async def _later(lab: Lab, event: Message) -> None:
    """Wait until a connection id made now is newer: ids of two gateways compare by the millisecond."""
    clock = lab.wirings[0].clock
    await until(lambda: clock().timestamp() * 1000 > int(event.connection_id[:13], 16) + 1)


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_stations_that_use_the_same_message_ids_get_their_own_answers(
    routing: type[ByAction | Inbox],
) -> None:
    async with lab(routing, routing) as it:
        await it.service(
            "DataTransferRequest",
            lambda call: result({"status": "Accepted", "data": json.loads(call.data)["data"]})(call),
        )
        stations = {f"CS{n}": it.station(f"CS{n}", gateway=n % 2) for n in range(20)}

        for id in ("1", "2", "3"):
            for name, station in stations.items():
                station.sends(2, id, "DataTransfer", {"vendorId": "v", "data": f"{name} {id}"})

        for id in ("1", "2", "3"):
            for name, station in stations.items():
                assert await station.receives() == [3, id, {"status": "Accepted", "data": f"{name} {id}"}]


async def test_a_gateway_says_again_and_again_that_it_lives() -> None:
    async with lab(limits=Limits(alive_interval=0.01)) as it:
        alive = await it.tap("GatewayAlive")

        for _ in range(2):
            message = await alive.next()
            assert (message.gateway_id, message.station_id, message.kind) == ("gw0", "", Kind.EVENT)


async def test_a_gateway_that_cannot_say_that_it_lives_tries_again() -> None:
    async with lab(limits=Limits(alive_interval=0.01)) as it:
        it.bus.broken.add("GatewayAlive")
        alive = await it.tap("GatewayAlive")

        it.bus.broken.clear()

        await alive.next()


@pytest.mark.parametrize(("routing", "subscriptions"), [(ByAction, 100), (Inbox, 2)])
async def test_subscriptions_and_topics_of_a_gateway_end_with_it(
    routing: type[ByAction | Inbox], subscriptions: int
) -> None:
    async with lab(routing) as it:
        bus = it.bus
        assert len(bus._queues) >= subscriptions

    assert not bus._queues
    assert "gateway-gw0" not in bus._topics


def test_connection_ids_are_in_the_order_of_their_making_whatever_the_clock_does() -> None:
    times = [datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)]
    ids = ConnectionIds(lambda: times[0])

    made = [ids.next() for _ in range(70_000)]
    times.pop(0)
    made += [ids.next() for _ in range(10)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {len(id) for id in made} == {30}
