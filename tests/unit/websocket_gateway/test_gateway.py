"""The sessions of one gateway and of several: which connection counts, and what the bus is told."""

from __future__ import annotations

import json

import pytest

from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, fake_csms, result, until


def beat(call: Message) -> Message | None:
    return result(CURRENT_TIME)(call)


async def test_a_connection_is_announced_before_its_first_call_and_its_end_after_the_last() -> None:
    async with fake_csms() as csms:
        connected, disconnected = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")

        station = csms.station("CS 1-ü", Version.V16)
        station.sends(2, "1", "Heartbeat", {})
        station.leaves(1001, "bye")
        opened, closed = await connected.next(), await disconnected.next()

        assert csms.bus.published == ["StationConnected", "HeartbeatRequest", "StationDisconnected"]
        assert (opened.kind, opened.station_id, opened.ocpp_version) == (Kind.EVENT, "CS 1-ü", Version.V16)
        assert json.loads(opened.data) == {"remoteAddress": "192.0.2.1:1"}
        assert closed.connection_id == opened.connection_id
        assert (opened.gateway_id, closed.gateway_id) == ("gw0", "gw0")
        assert json.loads(closed.data) == {"code": 1001, "reason": "bye"}


async def test_an_inbox_is_announced_with_the_connection() -> None:
    async with fake_csms(Inbox) as csms:
        connected = await csms.tap("StationConnected")

        csms.station()

        assert json.loads((await connected.next()).data)["inbox"] == "gateway-gw0"


async def test_a_station_is_sent_away_when_its_connection_cannot_be_announced() -> None:
    async with fake_csms() as csms:
        disconnected = await csms.tap("StationDisconnected")
        csms.bus.broken.add("StationConnected")

        station = csms.station()

        await until(lambda: station.closed is not None)
        assert station.closed == (1013, "the CSMS cannot take connections now")
        assert json.loads((await disconnected.next()).data)["code"] == 1013


async def test_a_newer_connection_replaces_the_older_and_its_end_changes_nothing() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", beat)
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        old = csms.station()
        first = await connected.next()

        new = csms.station()
        second = await connected.next()

        closed = await gone.next()
        assert second.connection_id > first.connection_id == closed.connection_id
        assert old.closed == (1008, "replaced by a newer connection of the station")
        new.sends(2, "1", "Heartbeat", {})
        assert await new.receives() == [3, "1", CURRENT_TIME]
        await csms.command(second, "ClearCache", {})
        assert (await new.receives())[1:3] == ["c1", "ClearCache"]
        assert new.closed is None and gone.empty


async def test_an_answer_to_the_older_connection_does_not_reach_the_newer() -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        old = csms.station()
        old.sends(2, "1", "Heartbeat", {})
        first = await calls.next()
        new = csms.station()
        new.sends(2, "1", "Heartbeat", {})
        second = await calls.next()

        stale = result({"currentTime": "1970-01-01T00:00:00Z"})(first)
        assert stale
        await csms.bus.publish(first.reply_to, stale)
        await csms.bus.publish(second.reply_to, beat(second) or second)

        assert await new.receives() == [3, "1", CURRENT_TIME]
        assert new.received_nothing and old.received_nothing


async def test_what_a_replaced_connection_still_sends_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_csms() as csms:
        calls, gone = await csms.tap("HeartbeatRequest"), await csms.tap("StationDisconnected")
        connected = await csms.tap("StationConnected")
        old = csms.station()
        old.leaves_when_closed = False
        await connected.next()
        csms.station()
        await until(lambda: old.closed is not None)

        old.sends(2, "1", "Heartbeat", {})
        old.sends_text("no frame")
        old.leaves(1006)

        assert json.loads((await gone.next()).data)["code"] == 1008
        assert calls.empty
        assert "no OCPP-J frame" not in caplog.text


@pytest.mark.parametrize("routings", [(ByAction, ByAction), (Inbox, Inbox), (ByAction, Inbox)])
async def test_a_newer_connection_to_another_gateway_replaces_the_older(
    routings: tuple[type[ByAction | Inbox], ...],
) -> None:
    async with fake_csms(*routings) as csms:
        await csms.service("HeartbeatRequest", beat)
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        old = csms.station(gateway=0)
        first = await connected.next()

        new = csms.station(gateway=1)

        assert (await gone.next()).connection_id == first.connection_id
        assert old.closed == (1008, "replaced by a newer connection of the station")
        new.sends(2, "1", "Heartbeat", {})
        assert await new.receives() == [3, "1", CURRENT_TIME]
        assert new.closed is None


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_stations_that_use_the_same_message_ids_get_their_own_answers(
    routing: type[ByAction | Inbox],
) -> None:
    async with fake_csms(routing, routing) as csms:
        await csms.service(
            "DataTransferRequest",
            lambda call: result({"status": "Accepted", "data": json.loads(call.data)["data"]})(call),
        )
        stations = {f"CS{n}": csms.station(f"CS{n}", gateway=n % 2) for n in range(20)}

        for id in ("1", "2", "3"):
            for name, station in stations.items():
                station.sends(2, id, "DataTransfer", {"vendorId": "v", "data": f"{name} {id}"})

        for id in ("1", "2", "3"):
            for name, station in stations.items():
                assert await station.receives() == [3, id, {"status": "Accepted", "data": f"{name} {id}"}]


async def test_a_gateway_says_again_and_again_that_it_lives() -> None:
    async with fake_csms(limits=GatewayLimits(alive_interval=0.01)) as csms:
        alive = await csms.tap("GatewayAlive")

        for _ in range(2):
            message = await alive.next()
            assert (message.gateway_id, message.station_id, message.kind) == ("gw0", "", Kind.EVENT)


async def test_a_gateway_that_cannot_say_that_it_lives_tries_again() -> None:
    async with fake_csms(limits=GatewayLimits(alive_interval=0.01)) as csms:
        csms.bus.broken.add("GatewayAlive")
        alive = await csms.tap("GatewayAlive")

        csms.bus.broken.clear()

        await alive.next()


@pytest.mark.parametrize(("routing", "subscriptions"), [(ByAction, 100), (Inbox, 2)])
async def test_subscriptions_and_topics_of_a_gateway_end_with_it(
    routing: type[ByAction | Inbox], subscriptions: int
) -> None:
    async with fake_csms(routing) as csms:
        bus, gateway = csms.bus, csms.gateways[0]
        assert len(bus._queues) >= subscriptions
        assert gateway.ready

    assert not gateway.ready
    assert not bus._queues
    assert "gateway-gw0" not in bus._topics
