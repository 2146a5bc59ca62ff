"""Stations that guess KeyCodes: after five wrong ones, the right one is refused too, for ten minutes."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.csms.clients.authorization import Authorization, HttpAuthorization, Presented
from libs.csms.clock import rfc3339
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import StationDeleted
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService
from services.user.service import User, router
from services.user.tokens.authorizer import Authorizer
from services.user.tokens.bodies import NewIdToken
from services.user.tokens.guesses import Guess, StationGuesses
from services.user.tokens.policies import PolicyBody

from ..rest import SETTINGS
from ..transaction.fakes import Station as TransactionStation
from ..transaction.fakes import service_in_memory
from .moment import NOW
from .test_authorize import Answers
from .world import user_client

PIN = "80347195"
CARD = "AA00001"
VERSIONS = pytest.mark.parametrize("version", [Version.V201, Version.V21])


@dataclass
class Csms:
    """A user service with one KeyCode and one card, and stations that present tokens to it."""

    user: User
    now: datetime = NOW
    messages: int = 0

    async def presents(
        self,
        text: str,
        type_: str | None = "KeyCode",
        *,
        version: Version = Version.V201,
        station_id: str = "CS1",
        message_id: str | None = None,
        connection_id: str = "c1",
    ) -> str:
        """The status that the station is told."""
        self.messages += 1
        token = {"idTag": text} if type_ is None else {"idToken": {"idToken": text, "type": type_}}
        call = Message(
            data=json.dumps(token).encode(),
            message_id=message_id or str(self.messages),
            station_id=station_id,
            action="Authorize",
            kind=Kind.CALL,
            sent_at=rfc3339(self.now),
            origin=Direction.FROM_STATION,
            ocpp_version=Version.V16 if type_ is None else version,
            reply_to="AuthorizeResponse",
            connection_id=connection_id,
        )
        answers = Answers()
        await router.handle(call, answers, self.user, self.user.clock)  # type: ignore[arg-type]
        answer = json.loads(answers.message.data)
        return str(next(iter(answer.values()))["status"])

    async def guesses(self, times: int, **fields: Any) -> list[str]:
        return [await self.presents(f"0000{n}", **fields) for n in range(times)]


@pytest.fixture
async def csms(tmp_path: Path) -> AsyncIterator[Csms]:
    store = SqliteStore(tmp_path / "user.db")
    made = Csms(User.of(store, lambda: made.now, SETTINGS))
    await made.user.tokens.create(NewIdToken(id_token=PIN, type="KeyCode"))
    await made.user.tokens.create(NewIdToken(id_token=CARD))
    yield made
    await store.close()


@VERSIONS
async def test_after_five_wrong_ones_the_right_one_is_invalid_for_ten_minutes(
    csms: Csms, version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    assert await csms.guesses(5, version=version) == ["Unknown"] * 5

    blocked = [await csms.presents(text, version=version) for text in (PIN, "00000", "never tried")]

    assert blocked == ["Invalid"] * 3
    assert "station CS1: 5 wrong KeyCodes" in caplog.text
    assert PIN not in caplog.text
    assert "00004" not in caplog.text
    assert await csms.presents(CARD, "ISO14443", version=version) == "Accepted"
    assert await csms.presents("00000", "ISO14443", version=version) == "Unknown"
    assert await csms.presents(PIN, version=version, station_id="CS2") == "Accepted"
    csms.now += timedelta(minutes=10) - timedelta(milliseconds=1)
    assert await csms.presents(PIN, version=version) == "Invalid"
    csms.now += timedelta(milliseconds=1)
    assert await csms.presents(PIN, version=version) == "Accepted"


async def test_after_four_wrong_ones_the_right_one_is_accepted_and_forgives_none(csms: Csms) -> None:
    await csms.guesses(4)
    assert await csms.presents(PIN) == "Accepted"
    assert await csms.presents("00009") == "Unknown"
    assert await csms.presents(PIN) == "Invalid"


async def test_five_wrong_ones_in_more_than_ten_minutes_block_nothing(csms: Csms) -> None:
    for n in range(20):
        assert await csms.presents(f"0000{n}") == "Unknown"
        assert await csms.presents(PIN) == "Accepted"
        csms.now += timedelta(minutes=2, seconds=30)


async def test_what_is_tried_while_blocked_makes_the_block_no_longer(csms: Csms) -> None:
    await csms.guesses(5)
    for _ in range(9):
        csms.now += timedelta(minutes=1)
        await csms.guesses(5)
    csms.now += timedelta(minutes=1)

    assert await csms.presents(PIN) == "Accepted"


async def test_after_a_block_five_more_may_be_tried(csms: Csms) -> None:
    await csms.guesses(5)
    csms.now += timedelta(minutes=10)

    assert await csms.guesses(5) == ["Unknown"] * 5
    assert await csms.presents(PIN) == "Invalid"


async def test_a_message_that_is_delivered_again_is_one_guess(csms: Csms) -> None:
    for _ in range(10):
        assert await csms.presents("00000", message_id="7") == "Unknown"

    assert await csms.presents(PIN) == "Accepted"


async def test_other_keycodes_under_the_same_message_id_are_other_guesses(csms: Csms) -> None:
    await csms.guesses(5, message_id="7")

    assert await csms.presents(PIN) == "Invalid"


async def test_the_same_wrong_one_in_other_messages_counts_again(csms: Csms) -> None:
    for _ in range(5):
        await csms.presents("00000")

    assert await csms.presents(PIN) == "Invalid"


async def test_guesses_at_two_replicas_count_together(csms: Csms) -> None:
    other = replace(csms, user=replace(csms.user))
    await csms.guesses(3)
    other.messages = 100
    await other.guesses(2)

    assert [await one.presents(PIN) for one in (csms, other)] == ["Invalid", "Invalid"]


async def test_guesses_that_come_late_and_out_of_order_make_the_same_block() -> None:
    guesses = [Guess(id=str(n), at=NOW + timedelta(minutes=n)) for n in range(5)]
    known, late = StationGuesses(), StationGuesses()
    for forth, back in zip(guesses, reversed(guesses), strict=True):
        known, late = known.guessed(forth), late.guessed(back)

    assert late == known
    assert known.block(NOW + timedelta(minutes=5))
    assert all(known.guessed(each) is known for each in guesses)
    meanwhile = Guess(id="of another process", at=NOW + timedelta(minutes=5))
    assert known.guessed(meanwhile) is known, "a block is made no longer"


async def test_no_more_than_five_are_kept(csms: Csms) -> None:
    for n in range(50):
        await csms.presents(f"1000{n}")
        csms.now += timedelta(minutes=3)

    kept = await csms.user.tokens.guesses.documents.get("CS1")
    assert kept is not None
    assert len(kept.guesses) == 5


async def test_an_operator_who_mistypes_a_keycode_blocks_no_station_and_is_not_blocked(csms: Csms) -> None:
    """The device service asks about a remote start over the bus, on no connection."""
    await csms.guesses(50, connection_id="")
    assert await csms.presents(PIN) == "Accepted"

    await csms.guesses(5)
    assert await csms.presents(PIN) == "Invalid"
    assert await csms.presents(PIN, connection_id="") == "Accepted"


async def test_a_station_of_1_6_guesses_with_id_tags(csms: Csms) -> None:
    """It has no types, so every unknown idTag may be a guess, and the right one looks unknown."""
    assert await csms.presents(PIN, None) == "Accepted"
    assert await csms.guesses(5, type_=None) == ["Invalid"] * 5

    assert await csms.presents(PIN, None) == "Invalid"
    assert await csms.presents(CARD, None) == "Accepted"
    assert await csms.presents(PIN) == "Invalid", "nor by another version of OCPP"
    csms.now += timedelta(minutes=10)
    assert await csms.presents(PIN, None) == "Accepted"


async def test_a_keycode_that_is_known_and_may_not_charge_is_no_guess(csms: Csms) -> None:
    await csms.user.tokens.create(NewIdToken(id_token="5555", type="KeyCode", status="Blocked"))

    assert [await csms.presents("5555") for _ in range(6)] == ["Blocked"] * 6
    assert await csms.presents(PIN) == "Accepted"


async def test_a_keycode_that_an_authorizer_does_not_know_is_a_guess(csms: Csms) -> None:
    class Outside(Authorizer):
        def __init__(self) -> None:
            """Nobody is asked over HTTP."""

        async def authorize(self, id_token: str, type_: str | None) -> Authorization | None:
            return Authorization(status="Accepted" if id_token == "7777" else "Invalid")

    tokens = replace(csms.user.tokens, authorizer=Outside())
    await tokens.policies.put("KeyCode", PolicyBody(policy="ask"), can_ask=True)
    asking = replace(csms, user=replace(csms.user, tokens=tokens))

    assert await asking.presents("7777") == "Accepted"
    assert await asking.guesses(5) == ["Invalid"] * 5
    assert await asking.presents("7777") == "Invalid"


async def test_a_card_costs_no_read_of_guesses(csms: Csms) -> None:
    class Untouched:
        """No operation is expected."""

    guesses = replace(csms.user.tokens.guesses, documents=Untouched())  # type: ignore[arg-type]
    tokens = replace(csms.user.tokens, guesses=guesses)
    unguarded = replace(csms, user=replace(csms.user, tokens=tokens))

    assert await unguarded.presents(CARD, "ISO14443") == "Accepted"
    assert await unguarded.presents("nobody", "ISO14443") == "Unknown"
    assert await unguarded.presents(CARD, None) == "Accepted"


async def test_guesses_are_forgotten_with_their_station(csms: Csms) -> None:
    await csms.guesses(5)
    deleted = Message(
        data=b"{}",
        message_id="1",
        station_id="CS1",
        action=StationDeleted.__name__,
        kind=Kind.EVENT,
        sent_at=rfc3339(NOW),
        origin=Direction.FROM_STATION,
    )
    for _ in range(2):
        await router.handle(deleted, Answers(), csms.user, csms.user.clock)  # type: ignore[arg-type]

    assert await csms.user.tokens.guesses.documents.get("CS1") is None
    assert await csms.presents(PIN) == "Accepted"


@dataclass
class Asking:
    """A transaction service that asks this user service, in the same process or over HTTP."""

    transactions: TransactionService
    starts: int = field(default=0)

    async def start(self, text: str, type_: str = "KeyCode", version: Version = Version.V201) -> str:
        """The status that a station is told which starts a transaction with this token."""
        self.starts += 1
        payload = {
            "eventType": "Started",
            "timestamp": rfc3339(NOW),
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": f"TX-{self.starts}"},
            "evse": {"id": 1},
            "idToken": {"idToken": text, "type": type_},
        }
        station = TransactionStation(self.transactions, version)
        answer = await station.send("TransactionEvent", payload)
        return str(answer["idTokenInfo"]["status"])


@pytest.fixture(params=["in-process", "http"])
async def asking(csms: Csms, request: pytest.FixtureRequest) -> AsyncIterator[Asking]:
    async with user_client(csms.user) as client:
        authorize = HttpAuthorization(client).authorize if request.param == "http" else csms.user.authorize
        yield Asking(replace(service_in_memory(), authorize=authorize))


@VERSIONS
async def test_transactions_are_no_way_around_it(csms: Csms, asking: Asking, version: Version) -> None:
    assert [await asking.start(f"000{n}", version=version) for n in range(5)] == ["Unknown"] * 5

    assert await asking.start(PIN, version=version) == "Invalid"
    assert await csms.presents(PIN, version=version) == "Invalid"
    assert await asking.start(CARD, "ISO14443", version=version) == "Accepted"
    csms.now += timedelta(minutes=10)
    assert await asking.start(PIN, version=version) == "Accepted"


async def test_clients_of_the_api_count_as_no_station_unless_they_say_so(csms: Csms) -> None:
    body = {"idToken": "0000", "type": "KeyCode"}
    async with user_client(csms.user) as client:

        async def ask(**fields: str) -> Any:
            answer: httpx.Response = await client.post("/authorizations", json=body | fields)
            return answer.json().get("status", answer.status_code)

        assert [await ask() for _ in range(10)] == ["Unknown"] * 10
        assert await csms.presents(PIN) == "Accepted"
        for n in range(5):
            await ask(stationId="CS1", messageId=str(n))
        assert await ask(stationId="CS1", messageId="9", idToken=PIN) == "Invalid"
        assert await ask(stationId="no/station") == 422
        assert await csms.user.authorize(PIN, "KeyCode", Presented("CS2", "1")) == Authorization(
            status="Accepted"
        )


async def test_the_block_is_logged_once(csms: Csms, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await csms.guesses(20)

    assert caplog.text.count("wrong KeyCodes") == 1
