"""A watched station's frames, as whoever watches gets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import STATION_FRAME, StationFrame, StationWatched
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway import tap as limits_of_taps
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, FakeCsms, Station, Tap, fake_csms, result, silence, until
from .listening_gateway import listening_gateway


class MovedClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 18, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def watched(station: str = "CS1", until: datetime | None = None) -> Message:
    end = until or utc_now() + timedelta(minutes=1)
    return Message(
        data=encode(StationWatched(until=rfc3339(end))),
        message_id="w1",
        station_id=station,
        action="StationWatched",
        kind=Kind.EVENT,
        sent_at=rfc3339(utc_now()),
        origin=Direction.TO_STATION,
    )


async def watch(csms: FakeCsms, station: str = "CS1", until: datetime | None = None) -> None:
    """As a gateway gets it from the bus, and at once."""
    for gateway in csms.gateways:
        await gateway.receive(watched(station, until))


async def next_frame(tap: Tap) -> StationFrame:
    return STATION_FRAME.decode((await tap.next()).data)


async def heartbeat(station: Station, id: str) -> None:
    station.sends(2, id, "Heartbeat", {})
    await station.receives()


async def test_a_call_and_its_answer_are_copied_with_action_and_duration() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        tap = await csms.tap("StationFrame")
        await watch(csms)
        station = csms.station()
        await heartbeat(station, "h1")

        message = await tap.next()
        call, answer = STATION_FRAME.decode(message.data), await next_frame(tap)

    assert (call.direction, call.kind, call.action, call.message_id) == ("in", "call", "Heartbeat", "h1")
    assert json.loads(call.text) == [2, "h1", "Heartbeat", {}] and call.length == len(call.text)
    assert (answer.direction, answer.kind, answer.action, answer.message_id) == (
        "out",
        "result",
        "Heartbeat",
        "h1",
    )
    assert json.loads(answer.text) == [3, "h1", CURRENT_TIME]
    assert call.duration_ms is None and answer.duration_ms is not None and answer.duration_ms >= 0
    assert (call.number, answer.number, call.refused, call.problems) == (1, 2, False, [])
    assert (message.station_id, message.gateway_id) == ("CS1", "gw0") and message.connection_id


async def test_frames_of_a_station_that_nobody_watches_are_not_published() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await watch(csms, "CS2")
        await heartbeat(csms.station(), "h1")
        await heartbeat(csms.station("CS2"), "h2")
        await until(lambda: csms.bus.published.count("StationFrame") == 2)
        tap = await csms.tap("StationFrame")
        await heartbeat(csms.station("CS2"), "h3")

        assert (await tap.next()).station_id == "CS2"


async def test_a_command_and_the_answer_of_the_station_are_copied_without_secrets() -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station(version=Version.V16)
        await heartbeat(station, "h1")
        await watch(csms)
        tap = await csms.tap("StationFrame")
        await csms.command(
            await calls.next(), "ChangeConfiguration", {"key": "AuthorizationKey", "value": "hunter22"}
        )
        command = await station.receives()
        station.sends(4, command[1], "GenericError", "hunter22 is too short", {"was": "hunter22"})
        call, answer = await next_frame(tap), await next_frame(tap)

    assert command[3]["value"] == "hunter22"
    assert (call.direction, call.action) == ("out", "ChangeConfiguration")
    assert json.loads(call.text)[3] == {"key": "AuthorizationKey", "value": "***"}
    assert (answer.direction, answer.kind, answer.action) == ("in", "error", "ChangeConfiguration")
    assert json.loads(answer.text)[3:] == ["*** is too short", {"was": "***"}]
    assert answer.duration_ms is not None


async def test_an_answer_to_no_command_says_so_and_its_explanation_is_hidden() -> None:
    async with fake_csms() as csms:
        await watch(csms)
        tap = await csms.tap("StationFrame")
        csms.station().sends(3, "old", {"status": "Rejected", "statusInfo": {"reasonCode": "1234"}})
        frame = await next_frame(tap)

    assert json.loads(frame.text) == [3, "old", {"status": "Rejected", "statusInfo": "***"}]
    assert frame.refused and [one.rule for one in frame.problems] == ["unexpected"]


async def test_a_response_that_breaks_its_schema_comes_before_what_it_is_told() -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station(version=Version.V21)
        await heartbeat(station, "h1")
        await watch(csms)
        tap = await csms.tap("StationFrame")
        await csms.command(await calls.next(), "Reset", {"type": "Immediate"})
        id = (await station.receives())[1]
        station.sends(3, id, {"status": "Perhaps"})
        call, answer, refusal = [await next_frame(tap) for _ in range(3)]

    assert (call.action, answer.action) == ("Reset", "Reset")
    assert not answer.refused and answer.problems[0].place == "status"
    assert (refusal.direction, refusal.kind) == ("out", "error") and refusal.text.startswith("[5,")


async def test_what_a_station_says_of_a_response_is_withheld_if_it_may_hold_a_secret() -> None:
    async with fake_csms() as csms:
        await watch(csms)
        tap = await csms.tap("StationFrame")
        csms.station(version=Version.V21).sends(5, "h1", "FormatViolation", "password hunter22", {})
        frame = await next_frame(tap)

    assert (frame.direction, frame.kind) == ("in", "error")
    assert "hunter22" not in frame.text and "FormatViolation" in frame.text


REFUSED: list[tuple[str, str, str, str]] = [
    ('[2,"b","BootNotification",{"reason":"PowerUp"}]', "call", "OccurrenceConstraintViolation", ""),
    ('[2,"b","Nonsense",{}]', "call", "NotImplemented", ""),
    ('[2,"b","StatusNotification",{"evseId":"one"}]', "call", "", "BootNotification must be accepted"),
    ("hello", "", "FormatViolation", "JSON"),
    ('[2,"b"]', "", "FormatViolation", "a CALL is"),
]


@pytest.mark.parametrize(("text", "kind", "rule", "description"), REFUSED)
async def test_a_refused_frame_is_copied_with_the_reason(
    text: str, kind: str, rule: str, description: str
) -> None:
    status: Any = "Pending" if "must be accepted" in description else "Accepted"
    async with fake_csms() as csms:
        await watch(csms)
        tap = await csms.tap("StationFrame")
        station = csms.station(status=status)
        station.sends_text(text)
        frame, answer = await next_frame(tap), await next_frame(tap)

    assert frame.refused and frame.kind == kind
    assert frame.problems[0].rule.startswith(rule) and description in frame.problems[0].description
    assert frame.text == text
    assert (answer.direction, answer.kind) == ("out", "error")


async def test_a_repaired_frame_names_the_rule_the_place_and_what_stood_there() -> None:
    payload = {
        "timestamp": "2026-11-20 18:12:00",
        "connectorStatus": "available",
        "evseId": 1,
        "connectorId": 1,
    }
    async with fake_csms() as csms:
        await csms.service("StatusNotificationRequest", result({}))
        await watch(csms)
        tap = await csms.tap("StationFrame")
        station = csms.station()
        station.sends(2, "s1", "StatusNotification", payload)
        await station.receives()
        frame = await next_frame(tap)

    assert not frame.refused
    assert {one.place for one in frame.problems} == {"timestamp", "connectorStatus"}
    assert "available" in {one.description for one in frame.problems}
    assert json.loads(frame.text)[3] == payload


async def test_the_second_of_two_calls_with_one_id_is_copied_as_refused() -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", silence)
        await watch(csms)
        tap = await csms.tap("StationFrame")
        station = csms.station()
        station.sends(2, "h1", "Heartbeat", {})
        station.sends(2, "h1", "Heartbeat", {})
        call = await calls.next()
        answer = result(CURRENT_TIME)(call)
        assert answer is not None
        await csms.bus.publish(call.reply_to, answer)
        frames = [await next_frame(tap) for _ in range(4)]

    assert [(one.direction, one.kind) for one in frames] == [
        ("in", "call"),
        ("out", "result"),
        ("in", "call"),
        ("out", "error"),
    ]
    assert [one.refused for one in frames] == [False, False, True, False]
    assert "message id" in frames[2].problems[0].description


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_real_frames_through_a_listening_gateway_in_both_directions(
    routing: type[ByAction | Inbox],
) -> None:
    async with listening_gateway(routing=routing) as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        tap = await gateway.service("StationFrame", silence)
        async with gateway.connect() as station:
            await gateway.bus.publish("StationWatched", watched())
            await until(lambda: "StationWatched" in gateway.bus.published)
            while tap.empty:  # until the gateway has heard of it
                await station.send('[2,"h1","Heartbeat",{}]')
                await station.recv()
            frames = [await next_frame(tap) for _ in range(2)]

    assert {one.direction for one in frames} == {"in", "out"}


async def test_a_station_that_connects_again_to_another_gateway_is_still_copied() -> None:
    async with fake_csms(ByAction, ByAction) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await watch(csms)
        tap = await csms.tap("StationFrame")
        await heartbeat(csms.station(gateway=0), "h1")
        await heartbeat(csms.station(gateway=1), "h2")
        messages = [await tap.next() for _ in range(4)]

    assert [one.gateway_id for one in messages] == ["gw0", "gw0", "gw1", "gw1"]
    assert [STATION_FRAME.decode(one.data).number for one in messages] == [1, 2, 1, 2]


async def test_copying_ends_at_its_time_by_the_clock_of_the_gateway() -> None:
    clock = MovedClock()
    async with fake_csms(clocks=[clock]) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        tap = await csms.tap("StationFrame")
        station = csms.station()
        await watch(csms, until=clock.now + timedelta(minutes=2))
        await watch(csms, until=clock.now + timedelta(minutes=1))  # an earlier one, which comes late
        clock.now += timedelta(seconds=90)
        await heartbeat(station, "h1")
        assert [(await next_frame(tap)).message_id for _ in range(2)] == ["h1", "h1"]

        clock.now += timedelta(seconds=30)
        await heartbeat(station, "h2")
        await watch(csms, until=clock.now + timedelta(minutes=1))
        await heartbeat(station, "h3")
        assert (await next_frame(tap)).message_id == "h3"


async def test_nobody_watches_for_longer_than_five_minutes_at_once_or_in_the_past() -> None:
    clock = MovedClock()
    async with fake_csms(clocks=[clock]) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        tap = await csms.tap("StationFrame")
        station = csms.station()
        await watch(csms, until=clock.now - timedelta(seconds=1))
        await heartbeat(station, "h0")
        await watch(csms, until=clock.now + timedelta(days=1))
        await heartbeat(station, "h1")
        assert [(await next_frame(tap)).message_id for _ in range(2)] == ["h1", "h1"]

        clock.now += timedelta(minutes=5)
        await heartbeat(station, "h2")
        await watch(csms, until=clock.now + timedelta(minutes=1))
        await heartbeat(station, "h3")
        assert (await next_frame(tap)).message_id == "h3"


async def test_frames_that_come_too_fast_are_counted_and_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_of_taps, "BURST", 4)
    monkeypatch.setattr(limits_of_taps, "FRAMES_PER_SECOND", 20.0)
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await watch(csms)
        tap = await csms.tap("StationFrame")
        station = csms.station()
        sent = 0
        frames: list[StationFrame] = []
        while not any(one.dropped for one in frames):
            await heartbeat(station, f"h{sent}")
            sent += 1
            while not tap.empty:
                frames.append(await next_frame(tap))

    assert [one.number for one in frames] == list(range(1, len(frames) + 1))
    assert len(frames) + sum(one.dropped for one in frames) <= 2 * sent


async def test_no_more_stations_are_watched_than_a_gateway_can_bear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_of_taps, "MAX_WATCHED", 2)
    clock = MovedClock()
    async with fake_csms(clocks=[clock]) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        tap = await csms.tap("StationFrame")
        stations = {id: csms.station(id) for id in ("CS1", "CS2", "CS3")}
        for id in stations:
            await watch(csms, id, clock.now + timedelta(minutes=1))
        for id in ("CS3", "CS2"):
            await heartbeat(stations[id], "h1")
        assert (await tap.next()).station_id == "CS2"

        clock.now += timedelta(minutes=2)  # the others are watched no more
        await watch(csms, "CS3", clock.now + timedelta(minutes=1))
        await heartbeat(stations["CS3"], "h2")
        await tap.next()
        assert (await tap.next()).station_id == "CS3"


@pytest.mark.parametrize("failure", ["broken", "stuck"])
async def test_a_station_gets_its_answers_while_the_bus_takes_no_copies(failure: str) -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        getattr(csms.bus, failure).add("StationFrame")
        await watch(csms)
        station = csms.station()
        for number in range(30):
            await heartbeat(station, f"h{number}")


async def test_a_long_frame_is_cut_and_hides_what_may_be_secret() -> None:
    payload = {"vendorId": "x", "data": {"password": "hunter22", "padding": "x" * 20_000}}
    async with fake_csms() as csms:
        await csms.service("DataTransferRequest", result({"status": "Accepted"}))
        await watch(csms)
        tap = await csms.tap("StationFrame")
        csms.station().sends(2, "d1", "DataTransfer", payload)
        frame = await next_frame(tap)

    assert frame.length > 20_000 > 16_000 >= len(frame.text)
    assert "hunter22" not in frame.text and (frame.action, frame.message_id) == ("DataTransfer", "d1")
