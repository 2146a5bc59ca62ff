"""What a command says is what happened to it: at the gateway, on the wire, or nobody knows."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import COMMAND_CANCELLED, StationConnected
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.device.commands import cancellation
from services.device.commands.request import CommandRequest, request
from services.device.service import Device

from .operations import remote
from .operator import Operator
from .station import Csms, StoppedClock, after
from .test_commands import ACCEPTED, RESET
from .test_commands_batch import results, to_many
from .test_remote_start import started

LATER = {"deliver": "when-online", "ttl": 600}
NEVER_SENT = ["notConnected", "overloaded", "invalidRequest", "expired", "cancelled"]


async def not_sent(operator: Operator, command: Message, reason: str = "notConnected") -> None:
    await operator.refuse(command, ErrorCode.INTERNAL_ERROR, "no", gateway=reason)


async def reconnects(csms: Csms, connection_id: str, seconds: float) -> None:
    csms.clock.at = after(seconds)
    await csms.event(StationConnected(), connection_id=connection_id, at=after(seconds))


async def status(operator: Operator, id: str) -> Any:
    return (await operator.command(id))["status"]


@pytest.mark.parametrize(
    ("options", "seconds", "priority"),
    [
        ({"wait": 5}, 5, ""),
        ({"wait": 0}, 30, ""),
        ({"wait": 120}, 90, ""),
        ({"wait": 5, "deliver": "when-online", "ttl": 20}, 20, "low"),
        ({"wait": 5, "deliver": "when-online", "ttl": 600}, 90, "low"),
    ],
)
async def test_a_command_may_be_sent_until_its_client_waits_no_more(
    operator: Operator, options: dict[str, Any], seconds: float, priority: str
) -> None:
    """And no gateway keeps it for longer than 90 seconds."""
    await operator.connected()

    posting = asyncio.create_task(operator.post("Reset", RESET, **options))
    command = await operator.next()

    assert (command.expires_at, command.priority) == (rfc3339(after(seconds)), priority)
    await operator.answer(command, ACCEPTED)
    await posting


async def test_a_command_with_a_secret_has_no_longer_for_it_may_not_wait(operator: Operator) -> None:
    await operator.connected()
    password = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload = {"setVariableData": [password | {"attributeValue": "hunter2hunter2hunter2"}]}

    posting = asyncio.create_task(operator.post("SetVariables", payload, **LATER, wait=5))
    command = await operator.next()

    assert (command.expires_at, command.priority) == (rfc3339(after(5)), "")
    await not_sent(operator, command)
    assert (await posting).status_code == 409


@pytest.mark.parametrize("first", ["sent", "answer"])
async def test_that_it_is_sent_is_known_once_whatever_comes_first(
    operator: Operator, clock: StoppedClock, first: str
) -> None:
    await operator.connected()
    id = (await operator.post("Reset", RESET)).json()["id"]
    command = await operator.next()
    assert "sentAt" not in await operator.command(id)

    if first == "sent":
        clock.at = after(2)
        await operator.says_sent(command)
        clock.at = after(3)
        await operator.says_sent(command)
        known = await operator.command(id)
        assert (known["status"], known["sentAt"]) == ("sent", rfc3339(after(2)))
    answer = msgspec.structs.replace(command, command_sent_at=rfc3339(after(2)))
    await operator.answer(answer, ACCEPTED)
    await operator.says_sent(command)

    known = await operator.command(id)
    assert (known["status"], known["sentAt"]) == ("answered", rfc3339(after(2)))


async def test_what_another_connection_sent_is_another_publication(operator: Operator) -> None:
    await operator.connected()
    id = (await operator.post("Reset", RESET)).json()["id"]
    command = await operator.next()

    await operator.says_sent(msgspec.structs.replace(command, connection_id="0"))
    await operator.says_sent(msgspec.structs.replace(command, message_id="unheard of"))

    assert await status(operator, id) == "queued"


@pytest.mark.parametrize(
    ("reason", "code", "ended", "says"),
    [
        ("timeout", 504, "timeout", "it may have been carried out"),
        ("disconnected", 504, "unknown", "it may have been carried out"),
        ("expired", 504, "expired", "it was never sent"),
        ("cancelled", 504, "expired", "it was never sent"),
        ("notConnected", 409, "error", "never sent"),
        ("overloaded", 429, "error", "never sent"),
    ],
)
async def test_a_problem_says_whether_the_command_was_sent(
    operator: Operator, reason: str, code: int, ended: str, says: str
) -> None:
    await operator.connected()
    posting = asyncio.create_task(operator.post("Reset", RESET, wait=30))
    command = await operator.next()
    sent_at = None if reason in NEVER_SENT else rfc3339(after(1))
    error = CallError(ErrorCode.GENERIC_ERROR, "no answer", {"gateway": reason})

    await operator.reply(command.error(error, rfc3339(after(5)), sent_at or ""))

    problem = (await posting).json()
    known = await operator.command(command.message_id)
    assert (problem["status"], problem["commandStatus"], known["status"]) == (code, ended, ended)
    assert says in problem["detail"]
    assert problem.get("sentAt") == known.get("sentAt") == sent_at


async def test_a_problem_says_of_an_open_command_that_it_may_be_carried_out(operator: Operator) -> None:
    await operator.connected()

    waits = (await operator.post("Reset", RESET, wait=0.01)).json()
    command = await operator.next()
    posting = asyncio.create_task(operator.post("ClearCache", wait=0.1))
    await operator.says_sent(await operator.next())
    sent = (await posting).json()

    assert (waits["commandStatus"], sent["commandStatus"]) == ("queued", "sent")
    assert "it may be carried out" in waits["detail"] and "it may have been carried out" in sent["detail"]
    assert "sentAt" not in waits and sent["sentAt"] == rfc3339(after(0))
    await operator.answer(command, ACCEPTED)


async def test_when_its_time_is_over_the_word_of_the_gateway_is_waited_for(
    operator: Operator, clock: StoppedClock
) -> None:
    """The gateway has the same limit as the client, and its answer comes a moment later."""
    await operator.connected()
    posting = asyncio.create_task(operator.post("Reset", RESET, wait=0.05))
    command = await operator.next()
    clock.at = after(0.05)
    await asyncio.wait([posting], timeout=0.3)
    assert not posting.done()

    await not_sent(operator, command, "expired")

    assert (await posting).json()["commandStatus"] == "expired"


@pytest.mark.parametrize("order", ["answer first", "connection first"])
async def test_a_command_that_came_too_late_for_a_connection_waits_for_the_next(
    operator: Operator, csms: Csms, clock: StoppedClock, order: str
) -> None:
    """That the station has left was not known yet when it was published."""
    await operator.connected()
    id = (await operator.post("Reset", RESET, **LATER)).json()["id"]
    command = await operator.next()
    if order == "connection first":
        await reconnects(csms, "2", 10)
    await not_sent(operator, command)
    assert await status(operator, id) == "queued"
    await operator.look_after(11)
    assert operator.sent.empty() is (order == "answer first")
    if order == "answer first":
        await reconnects(csms, "2", 12)
        await operator.look_after(18)

    again = await operator.next()
    assert (again.message_id, again.connection_id) == (id, "2")
    await not_sent(operator, command)
    await operator.look_after(30)
    assert operator.sent.empty()
    await operator.answer(again, ACCEPTED)
    assert await status(operator, id) == "answered"


async def test_a_client_that_waits_is_told_that_its_command_waits_again(operator: Operator) -> None:
    await operator.connected()
    posting = asyncio.create_task(operator.post("Reset", RESET, **LATER, wait=30))

    await not_sent(operator, await operator.next())

    async with asyncio.timeout(3):
        answer = await posting
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


async def test_a_command_to_many_waits_for_stations_that_have_just_left(
    operator: Operator, csms: Csms
) -> None:
    """Their StationDisconnected is handled after the command is published to them."""
    for id in ("CS1", "CS2", "CS3"):
        await operator.connected(id=id)
    path = await to_many(operator, "ClearCache", {"ids": ["CS1", "CS2", "CS3"]}, **LATER)
    commands = {command.station_id: command for command in [await operator.next() for _ in range(3)]}
    await operator.answer(commands["CS1"], ACCEPTED)
    for id in ("CS2", "CS3"):
        await not_sent(operator, commands[id])
        await operator.away(id)
    await operator.look_after(20)

    counts = (await operator.http.get(path)).json()["counts"]
    assert (counts["queued"], counts["answered"], operator.sent.empty()) == (2, 1, True)
    await csms.event(StationConnected(), station_id="CS2", connection_id="2", at=after(20))
    await operator.look_after(26)
    assert (await operator.next()).station_id == "CS2"


async def test_each_publication_of_a_command_has_a_time_limit_of_its_own(operator: Operator) -> None:
    """So that its gateway, and who reads its answers, tells it from what the bus delivers again."""
    await operator.connected()
    await operator.post("ClearCache", deliver="when-online", ttl=60)

    limits = []
    for second in (10, 20, 30, 40):
        command = await operator.next()
        limits.append(command.expires_at)
        await not_sent(operator, command, "overloaded")
        await operator.look_after(second)

    assert limits == [rfc3339(after(60 - number / 1000)) for number in range(4)]


@pytest.mark.parametrize("reason", ["overloaded", "expired"])
async def test_a_command_that_had_no_turn_is_published_again_after_a_pause(
    operator: Operator, reason: str
) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **LATER)).json()["id"]
    first = await operator.next()
    await not_sent(operator, first, reason)
    await operator.look_after(9)
    assert operator.sent.empty()

    await operator.look_after(10)

    again = await operator.next()
    assert (again.message_id, again.connection_id, again.expires_at > first.expires_at) == (id, "1", True)
    await not_sent(operator, first, reason)
    assert await status(operator, id) == "queued"
    await operator.look_after(30)
    assert operator.sent.empty()


async def test_the_command_that_came_back_goes_before_later_ones(operator: Operator, csms: Csms) -> None:
    await operator.connected()
    first = (await operator.post("ClearCache", **LATER)).json()["id"]
    command = await operator.next()
    operator.clock.at = after(1)
    await operator.away()
    second = (await operator.post("GetLocalListVersion", **LATER)).json()["id"]
    await not_sent(operator, command)
    await reconnects(csms, "2", 2)

    for id in (first, second):
        await operator.look_after(10)
        command = await operator.next()
        assert (command.message_id, operator.sent.empty()) == (id, True)
        await operator.answer(command, ACCEPTED)


async def test_a_command_that_came_back_ends_in_its_time(operator: Operator, csms: Csms) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **LATER)).json()["id"]
    await not_sent(operator, await operator.next())

    await operator.look_after(599)
    assert await status(operator, id) == "queued"
    await operator.look_after(600)

    assert await status(operator, id) == "expired"


@pytest.mark.parametrize("options", [{}, LATER])
@pytest.mark.parametrize("reason", ["invalidRequest", "cancelled"])
async def test_what_would_not_be_sent_another_time_has_ended(
    operator: Operator, options: dict[str, Any], reason: str
) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **options)).json()["id"]

    await not_sent(operator, await operator.next(), reason)

    assert await status(operator, id) == ("expired" if reason == "cancelled" else "error")


async def test_a_command_for_one_connection_expires_with_it(operator: Operator, device: Device) -> None:
    await operator.connected()
    key = CommandRequest("CS1", "ClearCache", b"", "k", ttl=600, bound=True)
    command = await request(device.commands, key)

    await not_sent(operator, await operator.next())

    assert await status(operator, command.id) == "expired"


async def test_what_a_deleted_station_has_not_got_does_not_wait_for_the_next_of_its_id(
    operator: Operator, device: Device
) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **LATER)).json()["id"]
    command = await operator.next()
    await device.registry.delete("CS1")

    await not_sent(operator, command)

    assert await status(operator, id) == "expired"


# What waits in a gateway is taken back.


async def taken_back(operator: Operator) -> Message:
    """The next CommandCancelled that a gateway gets."""
    async with asyncio.timeout(3):
        while True:
            for _, message in operator.bus.published:
                if message.action == COMMAND_CANCELLED.name:
                    return message
            await asyncio.sleep(0)


@pytest.mark.parametrize("inbox", ["", "gateway-g1"])
async def test_a_command_that_waits_in_a_gateway_is_taken_back(operator: Operator, inbox: str) -> None:
    await operator.connected(inbox=inbox)
    id = (await operator.post("Reset", RESET)).json()["id"]
    command = await operator.next()
    deleting = asyncio.create_task(operator.http.delete(f"/commands/{id}"))
    event = await taken_back(operator)
    await not_sent(operator, command, "cancelled")

    cancelled = await deleting

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "expired")
    assert (event.message_id, event.gateway_id, event.connection_id) == (id, "g1", "1")
    assert (inbox or COMMAND_CANCELLED.name) in [
        topic for topic, one in operator.bus.published if one is event
    ]


@pytest.mark.parametrize(("ends", "http"), [("sent", 409), ("answered", 409), ("expired", 200)])
async def test_a_command_that_its_gateway_has_sent_is_not_taken_back(
    operator: Operator, ends: str, http: int
) -> None:
    await operator.connected()
    id = (await operator.post("Reset", RESET, **LATER)).json()["id"]
    command = await operator.next()
    deleting = asyncio.create_task(operator.http.delete(f"/commands/{id}"))
    await taken_back(operator)
    match ends:
        case "sent":
            await operator.says_sent(command)
        case "answered":
            await operator.answer(command, ACCEPTED)
        case _:
            await not_sent(operator, command)

    answer = await deleting

    assert answer.status_code == http, answer.text
    assert await status(operator, id) == ends
    if http == 409:
        assert answer.json()["commandStatus"] == ends and answer.json()["sentAt"]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_gateway_that_says_nothing_leaves_it_open_whether_it_is_taken_back(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    monkeypatch.setattr(cancellation, "GATEWAY_TIMEOUT", 0.05)
    await operator.connected(inbox="gateway-g1")
    id = (await operator.post("Reset", RESET)).json()["id"]
    await operator.next()
    operator.topics_gone |= {"gateway-g1"} if gone else set()

    answer = await operator.http.delete(f"/commands/{id}")

    assert (answer.status_code, answer.json()["commandStatus"]) == (409, "queued")
    assert "it may be carried out" in answer.json()["detail"]
    assert await status(operator, id) == "queued"


async def test_a_command_to_many_is_taken_back_from_the_gateways(operator: Operator) -> None:
    for id in ("CS1", "CS2"):
        await operator.connected(id=id)
    path = await to_many(operator, "ClearCache", {"ids": ["CS1", "CS2"]})
    commands = [await operator.next() for _ in range(2)]
    deleting = asyncio.create_task(operator.http.delete(path))
    await taken_back(operator)
    await operator.says_sent(commands[0])
    await not_sent(operator, commands[1])

    cancelled = (await deleting).json()

    assert (cancelled["counts"]["sent"], cancelled["counts"]["expired"]) == (1, 1)
    assert await results(operator, path) == {
        commands[0].station_id: "sent",
        commands[1].station_id: "expired",
    }


# Answers that break their schema.


def unreadable(command: Message, **attributes: Any) -> Message:
    """The gateway passes on what the station answered, and says what is wrong with it."""
    return msgspec.structs.replace(
        command,
        error_code="PropertyConstraintViolation",
        error_description="status: must be one of",
        **attributes,
    )


@pytest.mark.parametrize("response", [{"status": "perhaps"}, {}, [], "Accepted", {"status": 1}])
async def test_an_answer_against_its_schema_is_kept_with_a_warning(operator: Operator, response: Any) -> None:
    await operator.connected()
    posting = asyncio.create_task(operator.post("Reset", RESET, wait=30))
    await operator.answer(unreadable(await operator.next()), response)

    answered = await posting

    assert (answered.status_code, answered.json()["status"]) == (200, "answered")
    assert answered.json()["response"] == response
    assert answered.json()["warning"] == "PropertyConstraintViolation: status: must be one of"


@pytest.mark.parametrize(
    ("response", "shown"),
    [({"status": "Accepted", "more": 1}, "accepted"), ({"status": "perhaps"}, "rejected"), ([], "error")],
)
async def test_an_operation_shows_the_status_that_can_be_read(
    operator: Operator, response: Any, shown: str
) -> None:
    await operator.connected()
    posting = asyncio.create_task(remote(operator, "get-local-list-version", {}, wait=30))
    await operator.answer(unreadable(await operator.next()), response)

    answered = await posting

    assert (answered.status_code, answered.json()["status"]) == (200, shown), answered.text


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(
    ("response", "may_have_acted"),
    [({"status": "accepted"}, True), ([], True), ({"status": "Rejected", "x": 1}, False)],
)
async def test_a_remote_start_with_an_unreadable_answer_may_have_begun_a_transaction(
    operator: Operator, version: Version, response: Any, may_have_acted: bool
) -> None:
    await operator.connected(version)
    posting = asyncio.create_task(remote(operator, "start-session", {"idToken": "TAG", "evseId": 1}, wait=30))
    command = await operator.next()
    await operator.answer(unreadable(command), response)
    id = (await posting).json()["id"]
    payload = (await operator.command(id))["payload"]

    await started(operator, id_token="TAG", connector_id=1, remote_start_id=payload.get("remoteStartId"))

    assert ("transaction" in await operator.command(id)) is may_have_acted


@pytest.mark.parametrize("reason", ["timeout", "disconnected", "expired"])
async def test_a_remote_start_that_was_sent_may_have_begun_a_transaction(
    operator: Operator, reason: str
) -> None:
    await operator.connected(Version.V16)
    id = (await remote(operator, "start-session", {"idToken": "TAG"})).json()["id"]
    await operator.refuse(await operator.next(), ErrorCode.GENERIC_ERROR, "no", gateway=reason)

    await started(operator, id_token="TAG", connector_id=1)

    assert ("transaction" in await operator.command(id)) is (reason != "expired")


async def test_a_transaction_that_begins_before_the_station_has_answered_comes_from_the_remote_start(
    operator: Operator,
) -> None:
    """Also before the gateway has said that it is sent."""
    await operator.connected(Version.V16)
    id = (await remote(operator, "start-session", {"idToken": "TAG"})).json()["id"]
    await operator.next()

    await started(operator, id_token="TAG", connector_id=1)

    assert (await operator.command(id))["transaction"]["transactionId"] == "tx"
