"""What the gateway reports of deviations from OCPP: each once, then how often, and no secrets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from libs.ocpp_messages.event import STATION_DEVIATED, Deviation
from libs.ocpp_messages.version import Version
from services.websocket_gateway.deviations import MAX_DEVIATIONS, PUBLISH_INTERVAL

from ..ocpp_messages.off_form import METER_2, METER_16, STATUS_2, changed
from .fake_csms import CURRENT_TIME, Tap, fake_csms, result
from .test_leniency import HOPELESS_STOP, answer_to, not_now

V16, V21 = Version.V16, Version.V21


async def deviations(tap: Tap) -> list[Deviation]:
    return STATION_DEVIATED.decode((await tap.next()).data).deviations


async def test_a_deviation_is_told_at_once_and_then_counted() -> None:
    async with fake_csms() as csms:
        await csms.service("MeterValuesRequest", result({}))
        told = await csms.tap("StationDeviated")
        station = csms.station(version=V16)
        off = changed(METER_16, "meterValue.0.timestamp", "2026-11-20 10:00:00")

        await answer_to(station, 2, "1", "MeterValues", off)
        [first] = await deviations(told)
        for number in range(20):
            await answer_to(station, 2, f"m{number}", "MeterValues", off)
        station.leaves()
        [rest] = await deviations(told)

        assert (first.rule, first.action, first.place) == (
            "timestampFormat",
            "MeterValues",
            "meterValue.*.timestamp",
        )
        assert (first.example, first.repaired, first.count) == ("2026-11-20 10:00:00", True, 1)
        assert (rest.rule, rest.place, rest.count) == (first.rule, first.place, 20)
        assert rest.last_seen >= first.last_seen
        assert csms.bus.published.count("StationDeviated") == 2


async def test_events_about_deviations_have_ids_of_their_own() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        told = await csms.tap("StationDeviated")
        station = csms.station()

        await answer_to(station, 2, "1", "Heartbeat", {"a": 1})
        await answer_to(station, 2, "2", "Heartbeat", {"b": 1})

        assert (await told.next()).message_id != (await told.next()).message_id


async def test_what_has_been_counted_is_told_after_a_while() -> None:
    loop, skipped = asyncio.get_running_loop(), 0.0
    time = loop.time
    loop.time = lambda: time() + skipped  # type: ignore[method-assign]
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        told = await csms.tap("StationDeviated")
        station = csms.station()
        await answer_to(station, 2, "1", "Heartbeat", {"a": 1})
        await told.next()
        await answer_to(station, 2, "2", "Heartbeat", {"a": 1})
        await answer_to(station, 2, "3", "Heartbeat", {})
        assert told.empty

        skipped = PUBLISH_INTERVAL
        await answer_to(station, 2, "4", "Heartbeat", {"a": 1})

        [counted] = await deviations(told)
        assert counted.count == 2


async def test_what_the_bus_does_not_take_is_told_later() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        told = await csms.tap("StationDeviated")
        csms.bus.broken.add("StationDeviated")
        station = csms.station()
        assert await answer_to(station, 2, "1", "Heartbeat", {"a": 1}) == [3, "1", CURRENT_TIME]
        await answer_to(station, 2, "2", "Heartbeat", {})

        csms.bus.broken.clear()
        station.leaves()

        [counted] = await deviations(told)
        assert counted.count == 1


async def test_a_refusal_is_a_deviation_with_its_code_and_place() -> None:
    async with fake_csms() as csms:
        told = await csms.tap("StationDeviated")
        station = csms.station(version=V16)

        await answer_to(station, 2, "1", "StopTransaction", HOPELESS_STOP)
        [wrong] = await deviations(told)
        await answer_to(station, 2, "2", "x" * 5000, {})
        [unknown] = await deviations(told)
        station.sends_text("nonsense")
        [no_frame] = await deviations(told)

        assert (wrong.rule, wrong.action, wrong.place) == (
            "TypeConstraintViolation",
            "StopTransaction",
            "meterStop",
        )
        assert (wrong.example, wrong.repaired) == ("meterStop: must be integer", False)
        assert (unknown.rule, unknown.action) == ("NotImplemented", "x" * 50)
        assert (no_frame.rule, no_frame.action, no_frame.example) == (
            "FormationViolation",
            "",
            "the text is not JSON",
        )


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {"idToken": {"idToken": 471100, "type": "KeyCode"}}),
        ("Authorize", {"idToken": {"idToken": "1", "type": "Central"}, "password": 471100}),
        ("Authorize", {"idToken": {"idToken": "1", "type": "Central"}, "x": {"simPin": [471100]}}),
        ("Authorize", {"idToken": {"IDTOKEN": 471100, "Type": "KeyCode"}}),
        ("Authorize", {"IDTOKEN": {"IDTOKEN": 471100, "Type": "KeyCode"}}),
        ("Authorize", {"idToken": {"idToken": "1", "type": "Central"}, "x": [{"user-pin": [1, [471100]]}]}),
        ("Authorize", {"idToken": {"idToken": "1", "type": "Central"}, "url": "ftp://user:471100@host/"}),
        ("MeterValues", changed(METER_2, "meterValue.0.sampledValue.0.pin", 471100)),
        (
            "NotifyReport",
            {
                "requestId": 1,
                "generatedAt": "2026-11-20T10:00:00Z",
                "seqNo": 0,
                "reportData": [
                    {
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                        "variableAttribute": [{"value": 471100}],
                    }
                ],
            },
        ),
    ],
)
async def test_an_example_holds_no_secret(action: str, payload: dict[str, Any]) -> None:
    async with fake_csms() as csms:
        await csms.service(f"{action}Request", not_now)
        told = await csms.tap("StationDeviated")
        station = csms.station()

        await answer_to(station, 2, "1", action, payload)

        message = await told.next()
        assert b"471100" not in message.data
        assert STATION_DEVIATED.decode(message.data).deviations


@pytest.mark.parametrize(
    ("value", "example"),
    [
        ("x" * 600, "x" * 500),
        ({"a": "b", "c": 5}, '{"a":"b","c":"5"}'),
        ({"a": "x" * 20_000}, "(20008 bytes)"),
        ([1, [2]], "[1,[2]]"),
        (json.loads('{"a":' * 150 + "1" + "}" * 150), '{"a":' * 100),
        (None, "null"),
        ("http://10.0.0.1:8080", "(withheld: may hold a secret)"),
        ({"a": "ftp://a:b", "c": "d@e"}, "(withheld: may hold a secret)"),
    ],
    ids=["long", "object", "huge", "list", "deep", "nothing", "address", "addresses"],
)
async def test_an_example_is_short(value: object, example: str) -> None:
    async with fake_csms() as csms:
        await csms.service("StatusNotificationRequest", result({}))
        told = await csms.tap("StationDeviated")
        station = csms.station()

        assert await answer_to(station, 2, "1", "StatusNotification", {**STATUS_2, "vendor": value}) == [
            3,
            "1",
            {},
        ]

        [deviation] = await deviations(told)
        assert deviation.example == example


async def test_a_station_that_deviates_in_ever_new_ways_is_told_of_in_few_events() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        told = await csms.tap("StationDeviated")
        station = csms.station()

        for number in range(5):
            ways = {f"x{number}y{each}": 1 for each in range(MAX_DEVIATIONS)}
            await answer_to(station, 2, str(number), "Heartbeat", ways)
        station.leaves()
        first, further, rest = [await deviations(told) for _ in range(3)]

        assert len(first) == MAX_DEVIATIONS
        assert [(one.rule, one.count) for one in further] == [("furtherDeviations", MAX_DEVIATIONS)]
        assert [(one.rule, one.count) for one in rest] == [("furtherDeviations", 3 * MAX_DEVIATIONS)]
        assert told.empty


async def test_a_send_is_repaired_too_or_reported() -> None:
    stream = {"id": "1", "pending": 0, "basetime": "2026-11-20 18:12:00", "data": [{"t": 0, "v": 1}]}
    async with fake_csms() as csms:
        sends, told = await csms.tap("NotifyPeriodicEventStreamRequest"), await csms.tap("StationDeviated")
        station = csms.station(version=V21)

        station.sends(6, "1", "NotifyPeriodicEventStream", stream)

        send = await sends.next()
        assert json.loads(send.data)["data"] == [{"t": 0, "v": "1"}]
        assert len(await deviations(told)) == 3
        station.sends(6, "2", "NotifyPeriodicEventStream", {})
        assert [one.repaired for one in await deviations(told)] == [False]
