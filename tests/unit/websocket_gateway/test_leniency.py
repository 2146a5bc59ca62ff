"""What becomes of messages that are off form, from the frame to the bus and the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import MESSAGE_REFUSED, MessageRefused
from libs.ocpp_messages.leniency import MONEY_ACTIONS
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.context import GatewayLimits

from ..ocpp_messages.off_form import OFF_FORM, STOP, OffForm
from .fake_csms import CURRENT_TIME, FakeCsms, Station, Tap, fake_csms, result, until

V16, V201, V21 = Version.V16, Version.V201, Version.V21
ALL = [V16, V201, V21]
HOPELESS_STOP = {**STOP, "meterStop": "much"}


def not_now(call: Message) -> Message:
    """A service that refuses every call, for which it needs to know no action."""
    return call.error(CallError(ErrorCode.GENERIC_ERROR, "not now"), call.sent_at)


async def refused(tap: Tap) -> MessageRefused:
    return MESSAGE_REFUSED.decode((await tap.next()).data)


async def answer_to(station: Station, *frame: Any) -> Any:
    station.sends(*frame)
    return await station.receives()


async def services_of(csms: FakeCsms, sent: Iterable[OffForm]) -> dict[str, Tap]:
    return {name: await csms.service(f"{name}Request", not_now) for name in {off.action for off in sent}}


@pytest.mark.parametrize("version", ALL)
async def test_every_message_that_is_off_form_is_repaired_kept_or_refused(version: Version) -> None:
    sent = [off for off in OFF_FORM if off.version is version]
    async with fake_csms() as csms:
        calls, kept = await services_of(csms, sent), await csms.tap("MessageRefused")
        station = csms.station(version=version)

        for number, off in enumerate(sent):
            answer = await answer_to(station, 2, str(number), off.action, off.payload)

            if off.rules:
                call = await calls[off.action].next()
                rules = {entry.partition("@")[0] for entry in call.repairs.split()}
                assert answer[:4] == [4, str(number), "GenericError", "not now"]
                assert " ".join(sorted(rules)) == off.rules
                expected = json.dumps(off.read).replace("2026-11-20T18:12:00.000Z", call.sent_at)
                assert json.loads(call.data) == json.loads(expected)
            else:
                assert answer[:2] == [4, str(number)] and answer[2] != "GenericError"
                if off.action in MONEY_ACTIONS.values():
                    message = await refused(kept)
                    assert (message.action, message.message_id) == (off.action, str(number))
                    assert message.payload == off.payload
                    assert (message.code, message.reason) == (answer[2], answer[3])
        assert kept.empty
        assert all(tap.empty for tap in calls.values())


@pytest.mark.parametrize(
    ("version", "action", "payload", "rule", "code"),
    [
        (V16, "Heartbeat", {"extra": 1}, "unknownField", "FormationViolation"),
        (V201, "Heartbeat", {"extra": 1}, "unknownField", "FormatViolation"),
        (V16, "Authorize", {"idTag": 1}, "textAsNumber", "TypeConstraintViolation"),
        (V21, "heartbeat", {}, "frame", "RpcFrameworkError"),
    ],
)
async def test_a_rule_can_be_switched_off_for_a_station(
    version: Version, action: str, payload: dict[str, Any], rule: str, code: str
) -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await csms.service("AuthorizeRequest", not_now)
        strict = csms.station("STRICT", version, refused_rules=[rule, "noSuchRule"])
        other = csms.station("OTHER", version, refused_rules=["noSuchRule"])

        assert (await answer_to(strict, 2, "1", action, payload))[:3] == [4, "1", code]
        assert calls.empty
        assert (await answer_to(other, 2, "1", action, payload))[2] != code


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(
    ("frame", "id", "repairs"),
    [
        ([2, 17, "Heartbeat", {}], 17, "frame@messageId"),
        ([2, "x" * 255, "Heartbeat", {}], "x" * 255, "frame@messageId"),
        ([2, "1", "HeartBeat", {}], "1", "frame@action"),
        ([2, "1", "Heartbeat"], "1", "frame@payload"),
        ([2, 17, "heartbeat", {"a": 1}], 17, "frame@messageId frame@action unknownField@a"),
    ],
    ids=["number", "long id", "capitals", "no payload", "all"],
)
async def test_a_frame_that_is_off_form_is_answered_with_its_own_id(
    version: Version, frame: list[Any], id: object, repairs: str
) -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station(version=version)

        assert await answer_to(station, *frame) == [3, id, CURRENT_TIME]

        call = await calls.next()
        assert (call.action, call.message_id, call.data) == ("Heartbeat", str(id), b"{}")
        assert call.repairs == repairs
        assert Message.of(call.data, call.attributes()) == call


@pytest.mark.parametrize("id", [17, "x" * 255])
async def test_errors_too_carry_an_id_that_is_off_form(id: object) -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", not_now)
        station = csms.station()

        assert (await answer_to(station, 2, id, "Heartbeat", {}))[:3] == [4, id, "GenericError"]
        assert (await answer_to(station, 2, id, "MakeCoffee", {}))[:3] == [4, id, "NotImplemented"]


async def test_a_clean_message_is_neither_marked_nor_reported() -> None:
    async with fake_csms() as csms:
        calls = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station()

        await answer_to(station, 2, "1", "Heartbeat", {})
        station.leaves()
        await until(lambda: "StationDisconnected" in csms.bus.published)

        assert (await calls.next()).repairs == ""
        assert "StationDeviated" not in csms.bus.published


@pytest.mark.parametrize("bus_is", ["broken", "stuck"])
async def test_what_carries_money_is_refused_once_it_is_kept_and_else_to_come_again(bus_is: str) -> None:
    async with fake_csms(limits=GatewayLimits(publish_timeout=0.05)) as csms:
        kept = await csms.tap("MessageRefused")
        trouble: set[str] = getattr(csms.bus, bus_is)
        trouble.add("MessageRefused")
        station = csms.station(version=V16)

        again = await answer_to(station, 2, "1", "StopTransaction", HOPELESS_STOP)
        trouble.clear()
        answer = await answer_to(station, 2, "2", "StopTransaction", HOPELESS_STOP)

        assert again[:3] == [4, "1", "InternalError"]
        assert answer[:3] == [4, "2", "TypeConstraintViolation"]
        message = await refused(kept)
        assert message.message_id == "2"
        assert message.reason == answer[3] == "meterStop: must be integer"
        assert message.payload == HOPELESS_STOP


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('[2,"1","StopTransaction",{"meterStop":NaN}]', None),
        ('[2,"1","StopTransaction",{"meterStop":1}', None),
        ('[2,"1","stoptransaction",{"meterStop":1},{}]', {"meterStop": 1}),
        ('[2,"1","StopTransaction",[5]]', None),
        ('[2,"1","StopTransaction",{"a":' + "[" * 400 + "]" * 400 + "}]", None),
    ],
    ids=lambda text: str(text)[:40],
)
async def test_text_that_is_no_frame_is_kept_if_it_would_have_carried_money(text: str, payload: Any) -> None:
    async with fake_csms() as csms:
        kept = await csms.tap("MessageRefused")
        station = csms.station(version=V16)

        station.sends_text(text)
        answer = await station.receives()

        message = await refused(kept)
        assert (message.action, message.message_id, message.code) == ("StopTransaction", answer[1], answer[2])
        assert message.payload == (text if payload is None else payload)


@pytest.mark.parametrize(
    ("version", "action", "status"),
    [
        (V16, "Authorize", "Accepted"),
        (V16, "StopTransaction", "Pending"),
        (V201, "Heartbeats", "Accepted"),
    ],
)
async def test_nothing_else_is_kept(version: Version, action: str, status: Any) -> None:
    async with fake_csms() as csms:
        station = csms.station(version=version, status=status)

        assert (await answer_to(station, 2, "1", action, {}))[0] == 4

        assert "MessageRefused" not in csms.bus.published


@pytest.mark.parametrize(("version", "action"), [(V16, "TransactionEvent"), (V201, "StopTransaction")])
async def test_a_message_of_another_version_is_kept_too(version: Version, action: str) -> None:
    async with fake_csms() as csms:
        kept = await csms.tap("MessageRefused")
        station = csms.station(version=version)

        assert (await answer_to(station, 2, "1", action, {"a": 1}))[2] == "NotImplemented"

        assert (await refused(kept)).payload == {"a": 1}
