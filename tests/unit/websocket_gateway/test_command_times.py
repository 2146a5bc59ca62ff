"""Commands and time: none goes out late, those that wait can be taken back, mute stations hold up little."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from libs.csms.clients.admission import Admission
from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages.event import COMMAND_CANCELLED, COMMAND_SENT, CommandSent
from libs.ocpp_messages.message import Kind, Message
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.routing import ByAction, Inbox

from ..loop import LoopTime
from .fake_csms import FakeCsms, Tap, command_over, fake_csms, silence, until
from .listening_gateway import admission, listening_gateway
from .test_outbound import ACCEPTED, RESET, connected, reason

ROUTINGS = pytest.mark.parametrize("routing", [ByAction, Inbox])


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    return LoopTime(monkeypatch)


def limited(seconds: float, now: datetime | None = None) -> dict[str, Any]:
    """The attributes of a command that expires so many seconds after it was published."""
    at = now or utc_now()
    return {"sent_at": rfc3339(at), "expires_at": rfc3339(at + timedelta(seconds=seconds))}


async def cancel(csms: FakeCsms, station: Message, id: str) -> None:
    gateway = next(one for one in csms.contexts if one.routing.gateway_id == station.gateway_id)
    event = Message(
        data=json.dumps({"id": id}).encode(),
        message_id=id,
        station_id=station.station_id,
        action=COMMAND_CANCELLED.name,
        kind=Kind.EVENT,
        sent_at=rfc3339(utc_now()),
        origin=station.origin,
        gateway_id=station.gateway_id,
        connection_id=station.connection_id,
    )
    await csms.bus.publish(gateway.routing.inbox or event.action, event)


async def is_sent(events: Tap) -> CommandSent:
    return COMMAND_SENT.decode((await events.next()).data)


async def test_a_command_that_waits_is_answered_when_its_time_is_over_and_never_sent(time: LoopTime) -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "ignored")
        await station.receives()
        await csms.command(where, "Reset", RESET, "late", **limited(5))
        await csms.command(where, "Reset", RESET, "in time", **limited(20))
        await csms.command(where, "Reset", RESET, "marker", connection_id="0")
        assert (await answers.next()).message_id == "marker"

        time.advance(5)

        answer = await answers.next()
        assert (answer.message_id, reason(answer), answer.command_sent_at) == ("late", "expired", "")
        assert (answer.error_code, station.received_nothing) == ("GenericError", True)
        station.sends(3, "ignored", ACCEPTED)
        assert (await station.receives())[1] == "in time"


@pytest.mark.parametrize("early", [0.0, 0.2])
async def test_a_timer_of_the_loop_that_is_early_sends_nothing(
    time: LoopTime, monkeypatch: pytest.MonkeyPatch, early: float
) -> None:
    """asyncio runs what is due within the resolution of its clock."""
    monkeypatch.setattr(asyncio.get_running_loop(), "_clock_resolution", early or 1e-9)
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "ignored")
        await station.receives()
        await csms.command(where, "Reset", RESET, "late", **limited(5))
        await csms.command(where, "Reset", RESET, "marker", connection_id="0")
        await answers.next()

        time.advance(5 - early / 2)

        assert reason(await answers.next()) == "expired"
        station.sends(3, "ignored", ACCEPTED)
        assert (await answers.next()).message_id == "ignored"
        assert station.received_nothing


@pytest.mark.parametrize("hours", [-1, 0, 1])
async def test_a_command_that_the_bus_delivers_too_late_is_not_sent(hours: int) -> None:
    """Whatever the gateway's clock says, unless it is behind: then only the time given counts."""
    async with fake_csms(clocks=[lambda: utc_now() + timedelta(hours=hours)]) as csms:
        station, where, answers = await connected(csms)

        await csms.command(
            where, "Reset", RESET, "late", **limited(0 if hours < 0 else 5, utc_now() - timedelta(seconds=5))
        )

        assert reason(await answers.next()) == "expired"
        assert station.received_nothing


async def test_a_gateway_whose_clock_is_behind_gives_a_command_no_more_time(time: LoopTime) -> None:
    async with fake_csms(clocks=[lambda: utc_now() - timedelta(hours=1)]) as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "ignored")
        await station.receives()
        await csms.command(where, "Reset", RESET, "late", **limited(5))
        await csms.command(where, "Reset", RESET, "marker", connection_id="0")
        await answers.next()

        time.advance(5)

        assert (await answers.next()).message_id == "late"
        assert station.received_nothing


async def test_a_command_without_a_readable_time_is_not_sent() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET, expires_at="soon")

        assert reason(await answers.next()) == "invalidRequest"
        assert station.received_nothing


@ROUTINGS
async def test_a_command_that_waits_is_taken_back(routing: type[ByAction | Inbox]) -> None:
    async with fake_csms(routing) as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "in work")
        await station.receives()
        await csms.command(where, "Reset", RESET, "waiting")

        await cancel(csms, where, "waiting")

        answer = await answers.next()
        assert (answer.message_id, reason(answer), answer.command_sent_at) == ("waiting", "cancelled", "")
        station.sends(3, "in work", ACCEPTED)
        assert (await answers.next()).message_id == "in work"
        assert station.received_nothing


async def test_a_command_that_comes_after_its_cancellation_is_not_sent() -> None:
    """They travel on different topics."""
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await cancel(csms, where, "c1")

        await csms.command(where, "Reset", RESET, "c1")

        assert reason(await answers.next()) == "cancelled"
        assert station.received_nothing


async def test_the_cancellation_of_a_command_that_is_sent_says_so_at_once() -> None:
    async with fake_csms() as csms:
        events = await csms.tap("CommandSent")
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET)
        await station.receives()

        await cancel(csms, where, "c1")

        sent = await is_sent(events)
        station.sends(3, "c1", ACCEPTED)
        answer = await answers.next()
        assert answer.kind is Kind.RESULT
        assert (sent.id, sent.sent_at) == ("c1", answer.command_sent_at)


async def test_a_cancellation_for_another_connection_changes_nothing() -> None:
    async with fake_csms(ByAction, ByAction) as csms:
        events = await csms.tap("StationConnected")
        first, second = csms.station("CS1"), csms.station("CS2", gateway=1)
        places = {event.station_id: event for event in [await events.next(), await events.next()]}
        await cancel(csms, places["CS1"], "c1")

        await csms.command(places["CS2"], "Reset", RESET, "c1")

        assert (await second.receives())[1] == "c1"
        assert first.received_nothing


async def test_a_command_that_is_not_answered_at_once_is_announced_as_sent(time: LoopTime) -> None:
    async with fake_csms() as csms:
        events = await csms.tap("CommandSent")
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "quick")
        await station.receives()
        station.sends(3, "quick", ACCEPTED)
        quick = await answers.next()
        time.advance(1)
        await csms.command(where, "Reset", RESET, "slow")
        await station.receives()
        await csms.command(where, "Reset", RESET, "waiting")
        assert quick.command_sent_at and events.empty

        time.advance(1)

        sent = await events.next()
        assert (sent.message_id, sent.station_id, sent.connection_id) == ("slow", "CS1", where.connection_id)
        station.sends(3, "slow", ACCEPTED)
        assert COMMAND_SENT.decode(sent.data).sent_at == (await answers.next()).command_sent_at
        assert (await station.receives())[1] == "waiting"
        time.advance(1)
        assert (await is_sent(events)).id == "waiting"


async def test_those_that_somebody_waits_for_overtake_those_that_may_wait() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "in work", priority="low")
        await station.receives()
        for id in ("l1", "n1", "l2", "n2"):
            await csms.command(where, "Reset", RESET, id, priority="low" if id[0] == "l" else "")
        station.sends(3, "in work", ACCEPTED)

        order = []
        for _ in range(4):
            id = (await station.receives())[1]
            order.append(id)
            station.sends(3, id, ACCEPTED)

        assert order == ["n1", "n2", "l1", "l2"]


async def test_those_that_may_wait_leave_room_for_others() -> None:
    async with fake_csms(limits=GatewayLimits(max_queued_commands=4)) as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "in work")
        await station.receives()
        for id in ("l1", "l2", "l3"):
            await csms.command(where, "Reset", RESET, id, priority="low")
        refused = await answers.next()
        assert (refused.message_id, reason(refused)) == ("l3", "overloaded")

        await csms.command(where, "Reset", RESET, "n1")
        station.sends(3, "in work", ACCEPTED)

        assert (await station.receives())[1] == "n1"


async def test_a_command_that_was_refused_is_not_sent_when_the_bus_delivers_it_again() -> None:
    async with fake_csms(limits=GatewayLimits(max_queued_commands=1)) as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "in work")
        await station.receives()
        refused = limited(30)
        for id in ("waiting", "refused"):
            await csms.command(where, "Reset", RESET, id, **refused)
        assert reason(await answers.next()) == "overloaded"
        for id in ("in work", "waiting"):
            station.sends(3, id, ACCEPTED)
            assert (await answers.next()).message_id == id
        await station.receives()

        await csms.command(where, "Reset", RESET, "refused", **refused)
        await csms.command(where, "Reset", RESET, "next")

        assert (await station.receives())[1] == "next"


async def test_a_command_that_was_not_sent_may_come_again_over_the_same_connection(time: LoopTime) -> None:
    """Another publication of it has another time limit; the same one that the bus delivers twice has not."""
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "ignored")
        await station.receives()
        first = limited(5)
        await csms.command(where, "Reset", RESET, "c1", **first)
        await csms.command(where, "Reset", RESET, "marker", connection_id="0")
        await answers.next()
        time.advance(5)
        assert reason(await answers.next()) == "expired"

        await csms.command(where, "Reset", RESET, "c1", **first)
        await csms.command(where, "Reset", RESET, "c1", **limited(20))

        station.sends(3, "ignored", ACCEPTED)
        assert (await answers.next()).message_id == "ignored"
        assert (await station.receives())[1] == "c1"
        station.sends(3, "c1", ACCEPTED)
        assert (await answers.next()).kind is Kind.RESULT
        assert station.received_nothing


@pytest.mark.parametrize(
    ("answer_timeout", "expected"), [(None, [30, 15, 7.5, 5, 5]), (80.0, [80, 40, 20, 10, 5]), (3.0, [3] * 5)]
)
async def test_a_mute_station_has_less_and_less_time_to_answer(
    time: LoopTime, answer_timeout: float | None, expected: list[float]
) -> None:
    async with fake_csms() as csms:
        connections = await csms.tap("StationConnected")
        events, answers = await csms.tap("CommandSent"), await csms.tap("ResetResponse")
        station = csms.station(answer_timeout=answer_timeout)
        where = await connections.next()

        async def given(id: str) -> float:
            await csms.command(where, "Reset", RESET, id)
            await station.receives()
            await cancel(csms, where, id)
            return (await is_sent(events)).answer_timeout

        timeouts = []
        for number in range(5):
            timeouts.append(await given(f"c{number}"))
            time.advance(timeouts[-1])
            assert reason(await answers.next()) == "timeout"
        station.sends(3, "c4", ACCEPTED)

        assert timeouts == expected
        await until(lambda: station.unread == 0)
        assert await given("c5") == expected[0]


async def test_what_waits_in_a_gateway_that_is_cancelled_is_left_alone(time: LoopTime) -> None:
    async with fake_csms() as csms:
        connections, answers = await csms.tap("StationConnected"), await csms.tap("ResetResponse")
        station = csms.station()
        where = await connections.next()
        for id in ("c1", "c2", "c3"):
            await csms.command(where, "Reset", RESET, id)
        await station.receives()
        await cancel(csms, where, "c3")
        assert reason(await answers.next()) == "cancelled"

    time.advance(GatewayLimits().command_queue_timeout)  # a failure of the timer of c2 fails the test
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_admission_says_how_long_a_station_has_to_answer() -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        return admission().model_copy(update={"answer_timeout": 0.01})

    async with listening_gateway(admit) as gateway:
        connections = await gateway.service("StationConnected", silence)
        answers = await gateway.service("ResetResponse", silence)
        async with gateway.connect() as station:
            where = await connections.next()
            await gateway.bus.publish("ResetRequest", command_over(where, "Reset", RESET))
            assert json.loads(await station.recv())[2] == "Reset"

            assert reason(await answers.next()) == "timeout"
