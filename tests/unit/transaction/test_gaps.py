"""Events are missing: once nothing more comes, the station is asked, and what it answers is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from libs.csms.alarm import Alarm
from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import (
    COMMAND_ENDED,
    CONNECTOR_AVAILABLE,
    TRANSACTION_INCOMPLETE,
    CommandEnded,
    ConnectorAvailable,
    Event,
    TransactionIncomplete,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction.gaps import ask_for_events
from services.transaction.model import MAX_STATUS_REQUESTS, Transaction
from services.transaction.service import TransactionService, router
from services.transaction.warnings import CONNECTOR_AVAILABLE as WARNING_AVAILABLE
from services.transaction.warnings import EVENTS_LOST, NOT_ONGOING

from .fakes import NOW, Station, minute


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> Any:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(service: TransactionService, clock: Clock) -> TransactionService:
    return replace(service, clock=clock, alarm=Alarm(clock))


@pytest.fixture
def station(timed: TransactionService) -> Station:
    return Station(timed, Version.V201)


async def asked(service: TransactionService) -> list[TransactionIncomplete]:
    """What is asked for now, by two processes."""
    bus: Any = service.bus
    bus.published.clear()
    await ask_for_events(service)
    await ask_for_events(service)
    return [TRANSACTION_INCOMPLETE.decode(message.data) for _, message in bus.published]


async def test_a_gap_is_asked_for_once_it_is_quiet(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    await station.event("Started", 0, 0)
    await station.event("Updated", 3, 3)
    clock.move(59)
    early = await asked(timed)
    await station.event("Updated", 4, 4)
    clock.move(59)
    still_early = await asked(timed)
    clock.move(1)

    due = await asked(timed)
    clock.move(3600)

    assert (early, still_early) == ([], [])
    assert due == [TransactionIncomplete(id="CS1:tx-1", transaction_id="tx-1", missing_seq_nos=[1, 2])]
    assert await asked(timed) == []


async def test_a_transaction_that_went_on_while_it_was_asked_for_stays_due(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    await station.event("Started", 0, 0)
    await station.event("Updated", 3, 3)
    due = await _transaction(timed)
    clock.move(60)
    await station.event("Updated", 6, 6)

    gone_on = await _transaction(timed)

    assert gone_on.asked(due) is gone_on
    assert due.asked(due).ask_at is None


async def test_another_gap_is_asked_for_and_the_rest_of_a_gap_is_not(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    await station.event("Started", 0, 0)
    await station.event("Updated", 3, 3)
    clock.move(60)
    await asked(timed)

    await station.event("Updated", 1, 1)
    clock.move(60)
    rest = await asked(timed)
    await station.event("Ended", 9, 9)
    clock.move(60)

    assert rest == []
    assert [one.missing_seq_nos for one in await asked(timed)] == [[2, 4, 5, 6, 7, 8]]


async def test_a_gap_that_was_filled_in_time_is_not_asked_for(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    for seq_no in (0, 2, 1):
        await station.event("Updated", seq_no, seq_no)
    clock.move(3600)

    assert await asked(timed) == []
    assert (await _transaction(timed)).ask_at is None


async def test_a_station_with_ever_new_gaps_is_not_asked_for_ever(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    times = 0
    for number in range(2 * MAX_STATUS_REQUESTS):
        await station.event("Updated", 2 * number, number)
        clock.move(60)
        times += len(await asked(timed))

    assert times == MAX_STATUS_REQUESTS


async def test_the_loop_is_woken_when_a_gap_is_due(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    await station.event("Updated", 0, 0)
    await station.event("Updated", 2, 2)
    clock.move(60)

    await timed.alarm.wait(300)


@pytest.mark.parametrize(
    ("answer", "warnings"),
    [
        ({"messagesInQueue": True, "ongoingIndicator": True}, []),
        ({"messagesInQueue": True, "ongoingIndicator": False}, []),
        ({"messagesInQueue": False, "ongoingIndicator": True}, [EVENTS_LOST]),
        ({"messagesInQueue": False}, [EVENTS_LOST]),
        ({"messagesInQueue": False, "ongoingIndicator": False}, [EVENTS_LOST, NOT_ONGOING]),
    ],
)
async def test_what_the_station_answers_is_shown(
    timed: TransactionService, station: Station, answer: dict[str, bool], warnings: list[str]
) -> None:
    await station.event("Started", 0, 0)
    await station.event("Updated", 2, 2)

    await _answered(timed, answer)

    transaction = await _transaction(timed)
    assert transaction.messages_in_queue is answer["messagesInQueue"]
    assert transaction.warnings == sorted(warnings)
    await station.event("Updated", 1, 1)
    await station.event("Ended", 3, 3)
    assert (await _transaction(timed)).warnings == []


async def test_of_two_answers_the_later_counts_in_any_order(
    timed: TransactionService, clock: Clock, station: Station
) -> None:
    await station.event("Started", 0, 0)
    await _answered(timed, {"messagesInQueue": False}, seconds=5)
    await _answered(timed, {"messagesInQueue": True}, seconds=1)

    assert (await _transaction(timed)).messages_in_queue is False


async def test_an_answer_about_nothing_that_is_known_changes_nothing(timed: TransactionService) -> None:
    await _answered(timed, {"messagesInQueue": False})

    assert await timed.transactions.get("CS1:tx-1") is None


@pytest.mark.parametrize(("place", "is_marked"), [((1, 1), True), ((1, 2), False), ((2, 1), False)])
async def test_an_active_transaction_at_an_available_connector_is_marked(
    timed: TransactionService, station: Station, place: tuple[int, int], is_marked: bool
) -> None:
    await station.event("Started", 0, 0, evse={"id": 1, "connectorId": 1})

    await _available(timed, *place, minute(5))

    transaction = await _transaction(timed)
    assert transaction.warnings == ([WARNING_AVAILABLE] if is_marked else [])
    assert transaction.quality == ("doubtful" if is_marked else "clean")
    await station.event("Updated", 1, 20)
    assert (await _transaction(timed)).warnings == []


async def test_a_transaction_that_went_on_since_or_has_ended_is_not_marked(
    timed: TransactionService, station: Station
) -> None:
    await station.event("Started", 0, 0, evse={"id": 1})
    await station.event("Updated", 1, 6)
    await _available(timed, 1, 1, minute(5))
    gone_on = (await _transaction(timed)).warnings
    await station.event("Ended", 2, 7)
    await _available(timed, 1, 1, minute(8))

    assert (gone_on, (await _transaction(timed)).warnings) == ([], [])


async def test_in_1_6_the_connector_is_the_evse(timed: TransactionService) -> None:
    station = Station(timed, Version.V16)
    first = await station.start(connectorId=1)
    second = await station.start(connectorId=2)

    await _available(timed, 2, 2, minute(5))

    warnings = {}
    for id in (first["transactionId"], second["transactionId"]):
        transaction = await timed.transactions.get(f"CS1:{id}")
        assert transaction is not None
        warnings[transaction.connector_id] = transaction.warnings
    assert warnings == {1: [], 2: [WARNING_AVAILABLE]}


async def _available(service: TransactionService, evse_id: int, connector_id: int, since: str) -> None:
    data = ConnectorAvailable(evse_id=evse_id, connector_id=connector_id, since=since)
    for _ in range(2):
        await _deliver(service, CONNECTOR_AVAILABLE, data, None)


async def _answered(service: TransactionService, answer: dict[str, bool], seconds: int = 0) -> None:
    ended = CommandEnded(
        id="1",
        action="GetTransactionStatus",
        status="answered",
        payload={"transactionId": "tx-1"},
        response=answer,
        answered_at=rfc3339(NOW + timedelta(seconds=seconds)),
    )
    for _ in range(2):
        await _deliver(service, COMMAND_ENDED, ended, Version.V201)


async def _deliver(
    service: TransactionService, event: Event[Any], data: Any, version: Version | None
) -> None:
    message = Message(
        data=msgspec.json.encode(data),
        message_id="1",
        station_id="CS1",
        action=event.name,
        kind=Kind.EVENT,
        origin=Direction.FROM_STATION,
        ocpp_version=version,
        sent_at=rfc3339(NOW),
    )
    await router.handle(message, service.bus, service, lambda: NOW)


async def _transaction(service: TransactionService) -> Transaction:
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    return transaction
