"""What a station asks is answered in turn and in time, also when the bus hangs or the station leaves."""

from __future__ import annotations

import asyncio
import json

import pytest

from libs.ocpp_messages.version import Version
from services.websocket_gateway.context import GatewayLimits

from .fake_csms import (
    CURRENT_TIME,
    WAIT_TIMEOUT,
    fake_csms,
    result,
    silence,
    until,
)
from .test_inbound import STATUS, answer_to

V16, V201, V21 = Version.V16, Version.V201, Version.V21


async def test_calls_sent_at_once_are_answered_one_after_another_and_in_order() -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station()
        for id in ("1", "2", "3"):
            station.sends(2, id, "Heartbeat", {})
        station.sends(2, "4", "Unknown", {})

        for id in ("1", "2", "3"):
            call = await calls.next()
            assert call.message_id == id
            assert calls.empty and station.received_nothing
            await csms.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)
            assert await station.receives() == [3, id, CURRENT_TIME]
        assert (await station.receives())[:3] == [4, "4", "NotImplemented"]


@pytest.mark.parametrize(("version", "code"), [(V16, "FormationViolation"), (V201, "RpcFrameworkError")])
async def test_a_message_id_in_work_is_refused_after_the_first_has_its_answer(
    version: Version, code: str
) -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station(version=version)
        station.sends(2, "1", "Heartbeat", {})
        call = await calls.next()

        station.sends(2, "1", "Heartbeat", {})
        await csms.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)

        assert await station.receives() == [3, "1", CURRENT_TIME]
        assert (await station.receives())[:3] == [4, "1", code]
        assert calls.empty


async def test_a_message_id_may_come_again_once_it_has_been_answered() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await csms.service("StatusNotificationRequest", result({}))
        station = csms.station()

        assert await answer_to(station, 2, "1", "Heartbeat", {}) == [3, "1", CURRENT_TIME]
        assert await answer_to(station, 2, "1", "StatusNotification", STATUS) == [3, "1", {}]


async def test_a_call_without_answer_is_an_internal_error_and_the_late_answer_is_dropped() -> None:
    async with fake_csms(limits=GatewayLimits(call_timeout=0.05)) as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station()
        assert (await answer_to(station, 2, "1", "Heartbeat", {}))[:3] == [4, "1", "InternalError"]
        late = result({"currentTime": "1970-01-01T00:00:00Z"})(await calls.next())
        assert late

        station.sends(2, "1", "Heartbeat", {})
        call = await calls.next()
        await csms.bus.publish(late.action + "Response", late)
        await csms.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)

        assert await station.receives() == [3, "1", CURRENT_TIME]


async def test_what_waits_for_its_turn_is_answered_by_its_own_deadline() -> None:
    async with fake_csms(limits=GatewayLimits(call_timeout=0.1)) as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station()

        async with asyncio.timeout(0.5):
            for id in range(10):
                station.sends(2, str(id), "Heartbeat", {})
            answers = [await station.receives() for _ in range(10)]

        assert [answer[1:3] for answer in answers] == [[str(id), "InternalError"] for id in range(10)]
        assert calls.messages.qsize() < 10


async def test_what_has_waited_for_its_turn_has_only_the_rest_of_its_time() -> None:
    loop, skipped = asyncio.get_running_loop(), 0.0
    time = loop.time
    loop.time = lambda: time() + skipped  # type: ignore[method-assign]
    async with fake_csms(limits=GatewayLimits(call_timeout=1000)) as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station()
        station.sends(2, "1", "Heartbeat", {})
        station.sends(2, "2", "Heartbeat", {})
        call = await calls.next()
        await until(lambda: station.unread == 0)

        skipped = 600
        await csms.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)
        assert await station.receives() == [3, "1", CURRENT_TIME]
        await calls.next()
        skipped = 1100

        assert (await station.receives())[:3] == [4, "2", "InternalError"]


async def test_a_send_that_the_bus_does_not_take_delays_the_next_message_only_so_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = {"id": 1, "pending": 0, "basetime": "2026-11-20T18:12:00Z", "data": [{"t": 0, "v": "1"}]}
    async with fake_csms(limits=GatewayLimits(call_timeout=0.05)) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        csms.bus.stuck.add("NotifyPeriodicEventStreamRequest")
        station = csms.station(version=V21)

        station.sends(6, "1", "NotifyPeriodicEventStream", stream)
        await until(lambda: "NotifyPeriodicEventStream could not be published" in caplog.text)

        assert await answer_to(station, 2, "2", "Heartbeat", {}) == [3, "2", CURRENT_TIME]


async def test_a_gateway_that_drains_waits_for_queued_calls_too_but_not_for_stations_that_leave() -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        station, leaving = csms.station("CS1"), csms.station("CS2")
        leaving.sends(2, "1", "Heartbeat", {})
        await calls.next()
        station.sends(2, "1", "Heartbeat", {})
        station.sends(2, "2", "Heartbeat", {})
        first = await calls.next()
        await until(lambda: station.unread == 0)
        draining = asyncio.ensure_future(csms.gateways[0].drain(1000))

        leaving.leaves()
        await csms.bus.publish(first.reply_to, result(CURRENT_TIME)(first) or first)
        assert await station.receives() == [3, "1", CURRENT_TIME]
        second = await calls.next()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not draining.done()
        await csms.bus.publish(second.reply_to, result(CURRENT_TIME)(second) or second)

        async with asyncio.timeout(WAIT_TIMEOUT):
            await draining
        assert await station.receives() == [3, "2", CURRENT_TIME]


async def test_what_a_station_sent_before_it_left_is_published() -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        gone = await csms.tap("StationDisconnected")
        station = csms.station()

        station.sends(2, "1", "Heartbeat", {})
        station.sends(2, "2", "Heartbeat", {})
        station.leaves()

        assert [(await calls.next()).message_id for _ in range(2)] == ["1", "2"]
        await gone.next()
        assert station.received_nothing


async def test_a_bus_that_hangs_does_not_hold_a_station_that_has_left() -> None:
    async with fake_csms(limits=GatewayLimits(call_timeout=1000, publish_timeout=0.05)) as csms:
        gone = await csms.tap("StationDisconnected")
        csms.bus.stuck.add("HeartbeatRequest")
        station = csms.station()
        station.sends(2, "1", "Heartbeat", {})

        station.leaves(1001, "bye")

        assert json.loads((await gone.next()).data) == {"code": 1001, "reason": "bye"}


async def test_a_station_that_leaves_during_its_call_is_let_go_at_once() -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", silence)
        gone = await csms.tap("StationDisconnected")
        station = csms.station()
        station.sends(2, "1", "Heartbeat", {})
        call = await calls.next()

        station.leaves(1006)
        event = await gone.next()

        assert json.loads(event.data)["code"] == 1006
        await csms.gateways[0].receive(result(CURRENT_TIME)(call) or call)
        assert station.received_nothing


async def test_too_many_calls_stop_the_reading_and_lose_nothing() -> None:
    async with fake_csms(limits=GatewayLimits(max_queued_calls=4)) as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station()
        for id in range(20):
            station.sends(2, str(id), "Heartbeat", {})

        call = await calls.next()
        await until(lambda: station.unread == 20 - 1 - 4 - 1)
        for id in range(20):
            assert call.message_id == str(id)
            await csms.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)
            assert await station.receives() == [3, str(id), CURRENT_TIME]
            if id < 19:
                call = await calls.next()
