"""A station that the operator dismisses loses its connection, and keeps the one that it makes after that."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from services.websocket_gateway.dismissals import Dismissals
from services.websocket_gateway.routing import ByAction, Inbox

from .lab import CURRENT_TIME, Lab, lab, result, until
from .sockets import closed, port

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DISMISSED = 1008, "the charging station has been deleted"


def dismissal(at: datetime, station_id: str = "CS1") -> Message:
    return Message(
        data=json.dumps({"reason": DISMISSED[1]}).encode(),
        message_id="d1",
        station_id=station_id,
        action="StationAccessRevoked",
        kind=Kind.EVENT,
        sent_at=rfc3339(at),
        origin=Direction.FROM_STATION,
    )


async def dismiss(it: Lab, at: datetime, station_id: str = "CS1") -> None:
    await it.bus.publish("StationAccessRevoked", dismissal(at, station_id))


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_it_loses_its_connection_on_whatever_gateway(routing: type[ByAction | Inbox]) -> None:
    async with lab(routing, routing) as it:
        connected, gone = await it.tap("StationConnected"), await it.tap("StationDisconnected")
        one, other = it.station("CS1", gateway=1), it.station("CS2", gateway=1)
        ids = [(await connected.next()).connection_id for _ in range(2)]

        await dismiss(it, utc_now())

        left = await gone.next()
        assert one.closed == DISMISSED
        assert left.connection_id in ids and left.station_id == "CS1"
        assert json.loads(left.data) == {"code": 1008, "reason": DISMISSED[1]}
        assert other.closed is None


async def test_news_that_come_late_do_not_end_the_connection_that_it_made_since() -> None:
    async with lab() as it:
        await it.service("HeartbeatRequest", result(CURRENT_TIME))
        connected = await it.tap("StationConnected")
        change = utc_now()
        station = it.station(asked_at=change + timedelta(milliseconds=2))
        await connected.next()

        await dismiss(it, change)
        await dismiss(it, change, "CS2")

        station.sends(2, "1", "Heartbeat", {})
        assert await station.receives() == [3, "1", CURRENT_TIME]
        assert station.closed is None


async def test_one_that_was_admitted_just_before_and_begins_just_after_ends_at_once() -> None:
    async with lab() as it:
        gone = await it.tap("StationDisconnected")
        change = utc_now()
        await dismiss(it, change)
        await dismiss(it, change - timedelta(seconds=5))
        await until(lambda: len(it.gateways[0]._dismissals) == 1)

        station = it.station(asked_at=change - timedelta(seconds=1))

        await gone.next()
        assert station.closed == DISMISSED


async def test_a_socket_is_closed_with_the_reason_and_the_next_one_stays() -> None:
    async with port() as it:
        beats = await it.service("HeartbeatRequest", result(CURRENT_TIME))
        async with it.connect() as station:
            await station.send('[2, "1", "Heartbeat", {}]')
            await beats.next()

            await it.bus.publish("StationAccessRevoked", dismissal(utc_now()))

            assert await closed(station) == DISMISSED
        async with it.connect() as station:
            await it.bus.publish("StationAccessRevoked", dismissal(NOW))
            await station.send('[2, "1", "Heartbeat", {}]')
            assert json.loads(await station.recv()) == [3, "1", CURRENT_TIME]


def test_what_nobody_can_be_waiting_for_is_forgotten() -> None:
    dismissals = Dismissals()
    for seconds in range(100):
        dismissals.add(f"CS{seconds}", NOW + timedelta(seconds=seconds), "")

    assert len(dismissals) == 61
    assert dismissals.reason("CS99", NOW) == ""
    assert dismissals.reason("CS1", NOW) is None
