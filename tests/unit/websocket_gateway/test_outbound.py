"""What the CSMS asks of a station, from the bus to the wire and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, FakeCsms, Station, Tap, fake_csms, result, until

V16, V201, V21 = Version.V16, Version.V201, Version.V21
RESET = {"type": "Immediate"}
ACCEPTED = {"status": "Accepted"}


async def connected(csms: FakeCsms, version: Version = V201, id: str = "CS1") -> tuple[Station, Message, Tap]:
    """A station, its StationConnected, and what is answered to Reset commands."""
    events = await csms.tap("StationConnected")
    answers = await csms.tap("ResetResponse")
    station = csms.station(id, version)
    return station, await events.next(), answers


def reason(answer: Message) -> Any:
    return json.loads(answer.data).get("gateway")


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_a_command_reaches_the_station_and_its_answer_the_bus(routing: type[ByAction | Inbox]) -> None:
    async with fake_csms(routing) as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET)
        assert await station.receives() == [2, "c1", "Reset", RESET]
        station.sends(3, "c1", ACCEPTED)

        answer = await answers.next()
        assert (answer.kind, answer.message_id, answer.origin) == (Kind.RESULT, "c1", Direction.TO_STATION)
        assert (answer.station_id, answer.connection_id) == ("CS1", where.connection_id)
        assert json.loads(answer.data) == ACCEPTED


async def test_a_callerror_reaches_the_bus_in_the_words_of_the_station() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET)
        await station.receives()
        station.sends(4, "c1", "OccurenceConstraintViolation", "not now", {"a": 1})

        answer = await answers.next()
        assert answer.kind is Kind.ERROR
        assert (answer.error_code, answer.error_description) == ("OccurenceConstraintViolation", "not now")
        assert json.loads(answer.data) == {"a": 1}


async def test_what_a_station_writes_into_an_error_is_cut_to_what_an_attribute_holds() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET)
        await station.receives()
        station.sends(4, "c1", "X" * 2000, "ü" * 2000, {})

        answer = await answers.next()
        assert all(len(value.encode()) <= 1024 for value in answer.attributes().values())


@pytest.mark.parametrize("version", [V16, V201, V21])
async def test_a_response_against_its_schema_reaches_the_csms_as_it_came_with_a_warning(
    version: Version,
) -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms, version)

        await csms.command(where, "Reset", {"type": "Hard"} if version is V16 else RESET)
        await station.receives()
        station.sends(3, "c1", {"status": "Perhaps"})

        answer = await answers.next()
        assert (answer.kind, answer.error_code) == (Kind.RESULT, "PropertyConstraintViolation")
        assert answer.error_description.startswith("status: must be one of")
        assert json.loads(answer.data) == {"status": "Perhaps"}
        if version is V21:
            assert (await station.receives())[:3] == [5, "c1", "PropertyConstraintViolation"]
        assert station.received_nothing


async def test_what_a_station_accepts_in_an_answer_against_its_schema_it_may_send() -> None:
    """A station that is not accepted yet reports what it was asked for (B02.FR.05)."""
    async with fake_csms() as csms:
        reports, answers = await csms.tap("NotifyReportRequest"), await csms.tap("GetBaseReportResponse")
        events = await csms.tap("StationConnected")
        station = csms.station(status="Pending")
        where = await events.next()
        request = {"requestId": 1, "reportBase": "FullInventory"}
        await csms.command(where, "GetBaseReport", request)
        await station.receives()
        station.sends(3, "c1", {"status": "Accepted", "more": 1})
        assert (await answers.next()).error_code == "FormatViolation"

        report = {"requestId": 1, "generatedAt": "2026-11-20T18:12:00Z", "seqNo": 0}
        station.sends(2, "r1", "NotifyReport", report)

        assert json.loads((await reports.next()).data) == report


async def test_commands_are_sent_one_after_another_in_order() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        for id in ("c1", "c2", "c3"):
            await csms.command(where, "Reset", RESET, id)

        for id in ("c1", "c2", "c3"):
            assert (await station.receives())[1] == id
            assert station.received_nothing
            station.sends(3, id, ACCEPTED)
            assert (await answers.next()).message_id == id


async def test_the_two_directions_never_wait_for_each_other() -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        station, where, answers = await connected(csms)
        station.sends(2, "same", "Heartbeat", {})
        call = await calls.next()

        await csms.command(where, "Reset", RESET, id="same")
        assert await station.receives() == [2, "same", "Reset", RESET]
        station.sends(3, "same", ACCEPTED)
        assert (await answers.next()).kind is Kind.RESULT

        await csms.command(where, "Reset", RESET, id="c2")
        assert (await station.receives())[1] == "c2"
        await csms.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)
        assert await station.receives() == [3, "same", CURRENT_TIME]


async def test_a_station_that_does_not_answer_does_not_stop_the_next_command() -> None:
    async with fake_csms(limits=GatewayLimits(command_timeout=0.05)) as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET, "c1")
        answer = await answers.next()

        assert (answer.kind, answer.error_code, reason(answer)) == (Kind.ERROR, "GenericError", "timeout")
        await csms.command(where, "Reset", RESET, "c2")
        assert [(await station.receives())[1] for _ in range(2)] == ["c1", "c2"]
        station.sends(3, "c1", {"status": "Rejected"})
        station.sends(3, "c2", ACCEPTED)
        answer = await answers.next()
        assert (answer.message_id, answer.kind) == ("c2", Kind.RESULT)
        assert json.loads(answer.data) == ACCEPTED


async def test_a_command_whose_turn_comes_too_late_is_not_sent() -> None:
    async with fake_csms(limits=GatewayLimits(command_timeout=0.05, command_queue_timeout=0.01)) as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET, "c1")
        await csms.command(where, "Reset", RESET, "c2")

        ended = {answer.message_id: reason(answer) for answer in [await answers.next() for _ in range(2)]}
        assert ended == {"c1": "timeout", "c2": "expired"}
        assert (await station.receives())[1] == "c1"
        assert station.received_nothing


async def test_a_command_that_the_bus_delivers_again_is_sent_once() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET)
        await csms.command(where, "Reset", RESET)
        await station.receives()
        station.sends(3, "c1", ACCEPTED)
        await answers.next()
        await csms.command(where, "Reset", RESET)

        await csms.command(where, "Reset", RESET, "c2")

        assert (await station.receives())[1] == "c2"


async def test_the_last_64_commands_are_remembered_and_no_more() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)

        async def is_sent(id: str) -> None:
            assert (await station.receives())[1] == id
            station.sends(3, id, ACCEPTED)
            await answers.next()

        for n in range(64):
            await csms.command(where, "Reset", RESET, f"c{n}")
            await is_sent(f"c{n}")

        await csms.command(where, "Reset", RESET, "c0")
        await csms.command(where, "Reset", RESET, "c64")
        await is_sent("c64")
        await csms.command(where, "Reset", RESET, "c0")
        await is_sent("c0")


@pytest.mark.parametrize(
    ("action", "payload", "id"),
    [
        ("Reset", {"type": "Perhaps"}, "c1"),
        ("Reset", RESET, "c" * 37),
        ("RemoteStopTransaction", {"transactionId": 1}, "c1"),
        ("GetLocalListVersion", {"extra": 1}, "c1"),
    ],
)
async def test_a_command_that_no_station_may_get_is_answered_by_the_gateway(
    action: str, payload: dict[str, Any], id: str
) -> None:
    async with fake_csms() as csms:
        station, where, _ = await connected(csms)
        answers = await csms.tap(f"{action}Response")

        await csms.command(where, action, payload, id)

        answer = await answers.next()
        assert (answer.kind, reason(answer)) == (Kind.ERROR, "invalidRequest")
        assert station.received_nothing


async def test_a_command_for_no_connection_of_this_gateway_is_answered_so_that_nobody_waits() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET, connection_id="0000000000001-0000000000000000")
        await csms.command(where, "Reset", RESET, "c2", station_id="CS2", connection_id="")

        for id in ("c1", "c2"):
            answer = await answers.next()
            assert (answer.message_id, answer.error_code, reason(answer)) == (
                id,
                "InternalError",
                "notConnected",
            )
        assert station.received_nothing


async def test_a_command_needs_to_name_no_connection() -> None:
    async with fake_csms() as csms:
        station, where, _ = await connected(csms)

        await csms.command(where, "Reset", RESET, connection_id="")

        assert (await station.receives())[1] == "c1"


async def test_a_command_of_another_gateway_is_left_alone() -> None:
    async with fake_csms(ByAction, ByAction) as csms:
        station, where, answers = await connected(csms)

        await csms.command(where, "Reset", RESET)

        assert (await station.receives())[1] == "c1"
        assert answers.empty


async def test_too_many_commands_are_refused() -> None:
    async with fake_csms(limits=GatewayLimits(max_queued_commands=2)) as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "c1")
        await station.receives()

        for id in ("c2", "c3", "c4"):
            await csms.command(where, "Reset", RESET, id)

        answer = await answers.next()
        assert (answer.message_id, reason(answer)) == ("c4", "overloaded")

        for id in ("c1", "c2"):
            station.sends(3, id, ACCEPTED)
            assert (await answers.next()).message_id == id
            await station.receives()
        await csms.command(where, "Reset", RESET, "c4")
        station.sends(3, "c3", ACCEPTED)
        assert (await station.receives())[1] == "c4"


async def test_commands_of_a_station_that_leaves_are_answered() -> None:
    async with fake_csms() as csms:
        station, where, answers = await connected(csms)
        await csms.command(where, "Reset", RESET, "c1")
        await csms.command(where, "Reset", RESET, "c2")
        await station.receives()

        station.leaves(1006)

        for id, why in (("c1", "disconnected"), ("c2", "notConnected")):
            answer = await answers.next()
            assert (answer.message_id, reason(answer)) == (id, why)
            assert bool(answer.command_sent_at) is (why == "disconnected")


async def test_an_answer_that_cannot_be_published_does_not_end_the_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with fake_csms() as csms:
        station, where, _ = await connected(csms)
        csms.bus.broken.add("ResetResponse")
        await csms.command(where, "Reset", RESET, "c1")
        await station.receives()
        station.sends(3, "c1", ACCEPTED)
        await until(lambda: "could not be published" in caplog.text)

        await csms.command(where, "Reset", RESET, "c2")

        assert (await station.receives())[1] == "c2"


async def test_a_station_that_does_not_read_stops_no_other_station() -> None:
    async with fake_csms() as csms:
        events = await csms.tap("StationConnected")
        deaf, hearing = csms.station("deaf"), csms.station("hearing")
        places = {event.station_id: event for event in [await events.next(), await events.next()]}
        deaf.reads.clear()

        for id in range(10):
            await csms.command(places["deaf"], "Reset", RESET, f"d{id}")
        await csms.command(places["hearing"], "Reset", RESET, "h")

        assert (await hearing.receives())[1] == "h"
        deaf.reads.set()
        assert (await deaf.receives())[1] == "d0"


async def test_replies_to_nothing_are_dropped() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station, _, answers = await connected(csms)

        station.sends(3, "ghost", {})
        station.sends(4, "ghost", "InternalError", "", {})
        station.sends(2, "1", "Heartbeat", {})

        assert await station.receives() == [3, "1", CURRENT_TIME]
        assert answers.empty
