"""A session that is started by REST, and the transaction that comes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import (
    REMOTE_START_MATCHED,
    TRANSACTION_STARTED,
    RemoteStartMatched,
    TransactionStarted,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.app import router

from .operations import done, remote
from .operator import Operator
from .station import NOW

V16 = Version.V16


async def started(operator: Operator, at_minute: int = 0, **fields: Any) -> None:
    """The transaction service publishes that a transaction has started."""
    started_at = rfc3339(NOW + timedelta(minutes=at_minute))
    event = TransactionStarted(
        id=f"CS1:{fields.get('transaction_id', 'tx')}",
        started_at=started_at,
        **{"transaction_id": "tx"} | fields,
    )
    message = Message(
        data=encode(event),
        message_id=event.id,
        station_id="CS1",
        action=TRANSACTION_STARTED.name,
        kind=Kind.EVENT,
        origin=Direction.FROM_STATION,
        sent_at=started_at,
    )
    await router.handle(message, operator.bus, operator.device, operator.clock)


@pytest.mark.parametrize("version", list(Version))
async def test_start_session_answers_with_the_transaction_that_began(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    posting = asyncio.create_task(remote(operator, "start-session", {"idToken": "TAG", "evseId": 1}, wait=30))
    command = await operator.next()
    asked = (await operator.command(command.message_id))["payload"]

    await started(operator, id_token="OTHER", connector_id=1, remote_start_id=None, transaction_id="other")
    await started(
        operator,
        id_token="tag",
        connector_id=1,
        remote_start_id=asked.get("remoteStartId"),
        transaction_id="7",
    )
    await started(operator, id_token="TAG", connector_id=1, transaction_id="8")
    await operator.answer(command, {"status": "Accepted"})
    answered = (await posting).json()

    assert answered["status"] == "accepted"
    assert answered["result"]["transaction"]["id"] == "CS1:7"
    assert answered["result"]["transaction"]["transactionId"] == "7"
    assert (await operator.command(command.message_id))["transaction"]["transactionId"] == "7"


async def test_connector_n_of_1_6_is_shown_as_evse_n(operator: Operator) -> None:
    await operator.connected(V16)
    posting = asyncio.create_task(remote(operator, "start-session", {"idToken": "TAG"}, wait=30))
    await operator.answer(await operator.next(), {"status": "Accepted"})
    await started(operator, id_token="TAG", connector_id=2)

    transaction = (await posting).json()["result"]["transaction"]

    assert (transaction["evseId"], transaction["connectorId"]) == (2, 1)


def matches(operator: Operator) -> list[RemoteStartMatched]:
    found = [event for event in operator.events if event.action == REMOTE_START_MATCHED.name]
    return [REMOTE_START_MATCHED.decode(event.data) for event in found]


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_the_token_that_was_sent_belongs_to_the_transaction_with_its_remote_start_id(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    body = {"idToken": "TAG", "type": "Central"}
    answered = await done(operator, "start-session", body, {"status": "Accepted"})
    sent = (await operator.command(answered["id"]))["payload"]

    for _ in range(2):
        await started(operator, remote_start_id=sent["remoteStartId"])
    await started(operator, remote_start_id=sent["remoteStartId"] + 1, transaction_id="other")

    [matched] = matches(operator)
    assert matched == RemoteStartMatched(
        id="CS1:tx",
        transaction_id="tx",
        started_at=rfc3339(NOW),
        command_id=answered["id"],
        id_token="TAG",
        id_token_type="Central",
    )


async def test_a_match_that_could_not_be_published_is_published_with_the_next_delivery(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operator.connected()
    answered = await done(operator, "start-session", {"idToken": "TAG"}, {"status": "Accepted"})
    sent = (await operator.command(answered["id"]))["payload"]

    async def fail(topic: str, message: Message) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken, pytest.raises(ConnectionError):
        broken.setattr(operator.bus, "publish", fail)
        await started(operator, remote_start_id=sent["remoteStartId"])
    await started(operator, remote_start_id=sent["remoteStartId"])

    assert len(matches(operator)) == 1
    assert (await operator.command(answered["id"]))["transaction"]["transactionId"] == "tx"


async def test_a_pin_that_was_sent_is_not_published(operator: Operator) -> None:
    await operator.connected()
    body = {"idToken": "1234", "type": "KeyCode"}
    answered = await done(operator, "start-session", body, {"status": "Accepted"})
    sent = (await operator.command(answered["id"]))["payload"]

    await started(operator, remote_start_id=sent["remoteStartId"])

    [matched] = matches(operator)
    assert (matched.id_token, matched.id_token_type) == ("", "KeyCode")


async def test_a_station_of_1_6_names_the_token_itself(operator: Operator) -> None:
    await operator.connected(V16)
    await done(operator, "start-session", {"idToken": "TAG"}, {"status": "Accepted"})

    await started(operator, id_token="TAG", connector_id=1)

    assert matches(operator) == []


@pytest.mark.parametrize("version", list(Version))
async def test_a_rejected_start_waits_for_no_transaction(operator: Operator, version: Version) -> None:
    await operator.connected(version)
    posting = asyncio.create_task(remote(operator, "start-session", {"idToken": "TAG"}, wait=30))
    await operator.answer(await operator.next(), {"status": "Rejected"})

    async with asyncio.timeout(3):
        answered = (await posting).json()

    assert answered["status"] == "rejected"
    await started(operator, id_token="TAG", connector_id=1)
    assert "transaction" not in await operator.command(answered["id"])


async def test_a_redelivered_start_does_not_come_from_an_earlier_remote_start(
    operator: Operator,
) -> None:
    await operator.connected(V16)
    earlier, later = [
        await done(operator, "start-session", {"idToken": "TAG"}, {"status": "Accepted"}) for _ in range(2)
    ]
    for _ in range(2):
        await started(operator, id_token="TAG", connector_id=1)

    led_to = ["transaction" in await operator.command(one["id"]) for one in (earlier, later)]
    assert sorted(led_to) == [False, True]


@pytest.mark.parametrize("minutes", [-1, 30])
async def test_a_session_at_another_time_does_not_come_from_the_remote_start(
    operator: Operator, minutes: int
) -> None:
    await operator.connected(V16)
    answered = await done(operator, "start-session", {"idToken": "TAG"}, {"status": "Accepted"})

    await started(operator, at_minute=minutes, id_token="TAG", connector_id=1)

    assert "transaction" not in await operator.command(answered["id"])
