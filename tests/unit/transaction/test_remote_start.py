"""The token of a remote start belongs to the transaction that names its remoteStartId alone."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import REMOTE_START_MATCHED, RemoteStartMatched
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction.model import Transaction
from services.transaction.service import TransactionService, router

from .fakes import Station, minute, service_in_memory, token


async def matched(service: TransactionService, id_token: str = "SENT", type_: str = "Central") -> None:
    """The device service has found the remote start."""
    event = RemoteStartMatched(
        id="CS1:tx-1",
        transaction_id="tx-1",
        started_at=minute(0),
        command_id="c1",
        id_token=id_token,
        id_token_type=type_,
    )
    message = Message(
        data=encode(event),
        message_id="c1",
        station_id="CS1",
        action=REMOTE_START_MATCHED.name,
        kind=Kind.EVENT,
        sent_at=minute(0),
        origin=Direction.FROM_STATION,
        ocpp_version=Version.V201,
    )
    await router.handle(message, service.bus, service, service.clock)


async def shown(service: TransactionService) -> Transaction:
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    return transaction


async def started(station: Station, seq_no: int = 0, **changes: Any) -> None:
    await station.event("Started", seq_no, 0, transactionInfo={"remoteStartId": 9}, **changes)


async def test_the_transaction_has_the_token_that_was_sent(
    station_v2: Station, service: TransactionService
) -> None:
    await started(station_v2)
    for _ in range(2):
        await matched(service)

    transaction = await shown(service)
    assert (transaction.id_token, transaction.id_token_type) == ("SENT", "Central")
    assert transaction.id_token_key == "sent"
    assert transaction.started_at.isoformat() == "2026-11-20T10:00:00+00:00"


async def test_a_pin_is_kept_by_its_type_alone(station_v2: Station, service: TransactionService) -> None:
    await started(station_v2)
    await matched(service, "", "KeyCode")

    transaction = await shown(service)
    assert (transaction.id_token, transaction.id_token_type) == (None, "KeyCode")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_token_that_the_station_names_at_the_start_counts_instead(order: tuple[int, ...]) -> None:
    """In any order; one that it names later does not."""
    service = service_in_memory()
    station = Station(service, Version.V201)
    await station.event("Updated", 7, 30)  # the event concerns transactions that are known

    async def update() -> None:
        await station.event("Updated", 8, 31, idToken=token("LATER"))

    async def start() -> None:
        await started(station, seq_no=6, idToken=token("OWN"))

    async def match() -> None:
        await matched(service)

    for number in order:
        await (update, start, match)[number]()

    assert (await shown(service)).id_token == "OWN"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_token_that_the_station_names_later_does_not_count(order: tuple[int, ...]) -> None:
    service = service_in_memory()
    station = Station(service, Version.V201)
    await station.event("Updated", 7, 30)

    async def update() -> None:
        await station.event("Updated", 8, 31, idToken=token("LATER"))

    async def start() -> None:
        await started(station)

    async def match() -> None:
        await matched(service)

    for number in order:
        await (update, start, match)[number]()

    assert (await shown(service)).id_token == "SENT"


async def test_a_match_makes_no_transaction(service: TransactionService) -> None:
    await matched(service)

    assert await service.transactions.get("CS1:tx-1") is None
