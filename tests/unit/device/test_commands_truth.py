"""What a command says is what happened to it: at the gateway, on the wire, or nobody knows."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version

from .operations import remote
from .operator import Operator
from .station import StoppedClock, after
from .test_commands import ACCEPTED, RESET
from .test_remote_start import started

LATER = {"deliver": "when-online", "ttl": 600}
NEVER_SENT = ["notConnected", "overloaded", "invalidRequest", "expired", "cancelled"]


async def not_sent(operator: Operator, command: Message, reason: str = "notConnected") -> None:
    await operator.refuse(command, ErrorCode.INTERNAL_ERROR, "no", gateway=reason)


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
