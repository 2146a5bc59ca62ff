"""A remote start of a token that may not charge is refused before anything is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from libs.csms.clock import Clock
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.commands.token_check import TokenCheck, TokenUnchecked

from .operations import remote
from .operator import Operator
from .station import NOW, StoppedClock

V16, V201, V21 = Version.V16, Version.V201, Version.V21
RAW: dict[Version, tuple[str, Any]] = {
    V16: ("RemoteStartTransaction", {"idTag": "TAG"}),
    V201: ("RequestStartTransaction", {"idToken": {"idToken": "TAG", "type": "eMAID"}, "remoteStartId": 1}),
    V21: ("RequestStartTransaction", {"idToken": {"idToken": "TAG", "type": "eMAID"}, "remoteStartId": 1}),
}


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("status", ["Unknown", "Blocked", "Expired", "Invalid"])
async def test_a_session_is_not_started_for_a_token_that_may_not_charge(
    operator: Operator, version: Version, status: str
) -> None:
    await operator.connected(version)
    operator.token_statuses["TAG"] = status

    refused = await remote(operator, "start-session", {"idToken": "TAG"})
    raw = await operator.post(*RAW[version])

    assert (refused.status_code, raw.status_code) == (422, 422)
    assert refused.json()["detail"].startswith("body.idToken: ")
    assert raw.json()["detail"].startswith("idTag: " if version is V16 else "idToken: ")
    assert refused.json()["idTokenStatus"] == raw.json()["idTokenStatus"] == status
    assert status in refused.json()["detail"]
    assert operator.sent.empty()
    assert await operator.device.commands.commands.count({}) == 0


@pytest.mark.parametrize("version", list(Version))
async def test_the_question_is_that_of_a_gateway_with_the_type_of_the_token(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)

    assert (await operator.post(*RAW[version])).status_code == 202

    [question] = operator.questions
    assert (question.kind, question.origin) == (Kind.CALL, Direction.FROM_STATION)
    assert (question.gateway_id, question.reply_to) == (
        operator.device.commands.process_id,
        "AuthorizeResponse",
    )
    asked = json.loads(question.data)
    ACTIONS[version]["Authorize"].request_validator.check(asked)
    assert asked == ({"idTag": "TAG"} if version is V16 else {"idToken": {"idToken": "TAG", "type": "eMAID"}})


async def test_nothing_is_sent_while_nobody_says_whether_the_token_may_charge(operator: Operator) -> None:
    await operator.connected()
    operator.token_statuses["TAG"] = None
    operator.device.commands.checks[0] = replace(operator.device.token_check, timeout=0.01).check

    unknown = await remote(operator, "start-session", {"idToken": "TAG"})

    assert unknown.status_code == 503
    assert int(unknown.headers["Retry-After"]) > 0
    assert operator.sent.empty()


async def test_the_same_key_asks_once(operator: Operator) -> None:
    await operator.connected()
    for _ in range(2):
        assert (await remote(operator, "start-session", {"idToken": "TAG"}, key="k")).status_code == 202
    assert len(operator.questions) == 1


@pytest.fixture
async def bus() -> AsyncIterator[EmbeddedBus]:
    made = EmbeddedBus()
    for topic in ("AuthorizeRequest", "AuthorizeResponse"):
        await made.create_topic(topic)
    yield made


def check_of(bus: EmbeddedBus, process_id: str = "device-1", timeout: float = 5) -> TokenCheck:
    clock: Clock = StoppedClock(NOW)
    return TokenCheck(bus, clock, process_id, timeout)


async def started(check: TokenCheck) -> None:
    action, payload = RAW[V201]
    await check.check("CS1", "command", ACTIONS[V201][action], payload)


async def test_an_error_of_the_user_service_is_no_permission() -> None:
    class Failing(EmbeddedBus):
        async def publish(self, topic: str, message: Message) -> None:
            await check.receive(message.error(CallError(ErrorCode.NOT_SUPPORTED), message.sent_at))

    check = check_of(Failing())
    with pytest.raises(TokenUnchecked):
        await started(check)


async def test_without_a_topic_nobody_can_be_asked() -> None:
    with pytest.raises(TokenUnchecked):
        await started(check_of(EmbeddedBus()))


async def test_an_answer_that_is_late_or_for_another_process_changes_nothing(bus: EmbeddedBus) -> None:
    """And the waiting list is empty after every check."""
    check = check_of(bus, timeout=0.01)
    with pytest.raises(TokenUnchecked):
        await started(check)
    late = Message(
        data=b'{"idTokenInfo": {"status": "Accepted"}}',
        message_id="late",
        station_id="CS1",
        action="Authorize",
        kind=Kind.RESULT,
        sent_at="",
        origin=Direction.FROM_STATION,
        gateway_id="device-2",
    )
    await check.receive(late)
    assert check._answers == {}


async def test_answers_come_on_a_subscription_of_the_process(bus: EmbeddedBus) -> None:
    check, other = check_of(bus), check_of(bus, "device-2")
    received: list[str] = []

    class Other(TokenCheck):
        async def receive(self, answer: Message) -> None:
            received.append(answer.message_id)

    listening = [
        asyncio.create_task(one.keep_receiving())
        for one in (check, Other(bus, other.clock, other.process_id))
    ]
    while len(bus._queues) < 2:
        await asyncio.sleep(0)
    asking = asyncio.create_task(started(check))
    while not check._answers:
        await asyncio.sleep(0)
    [id] = check._answers
    answer = Message(
        data=b'{"idTokenInfo": {"status": "Accepted"}}',
        message_id=id,
        station_id="CS1",
        action="Authorize",
        kind=Kind.RESULT,
        sent_at="",
        origin=Direction.FROM_STATION,
        gateway_id="device-1",
    )
    await bus.publish("AuthorizeResponse", answer)
    async with asyncio.timeout(3):
        await asking
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    assert received == []
    assert bus._queues == {}
