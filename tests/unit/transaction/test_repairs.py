"""A message that was repaired makes the same transaction as the clean one, and marks it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService
from services.transaction.warnings import REPAIRED
from tests.documents import documents

from ..loop import run
from .fakes import Json, Station, event, minute, register_v2, register_v16, service_in_memory, token
from .test_any_order import ID, Message, events, messages_v16

repairs = st.lists(st.sampled_from([f"{rule}@meterValue.0.timestamp" for rule in Rule]), max_size=3)


async def test_a_repair_of_a_message_of_1_6_is_a_warning(
    station_v16: Station, service: TransactionService
) -> None:
    start = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": minute(0)}
    started = await station_v16.send("StartTransaction", start, "timestampFormat@timestamp")
    id = started["transactionId"]
    values = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(10, "2000")}
    await station_v16.send(
        "MeterValues", values, "numberAsText@x null@meterValue.0 null@meterValue.1 nonsense"
    )
    stop = {"transactionId": id, "meterStop": 6000, "timestamp": minute(60)}
    await station_v16.send("StopTransaction", stop, "decimalInteger@meterStop")

    transaction = await service.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert transaction.warnings == [
        "repaired: MeterValues null",
        "repaired: MeterValues numberAsText",
        "repaired: StartTransaction timestampFormat",
        "repaired: StopTransaction decimalInteger",
    ]
    assert (transaction.quality, transaction.energy_wh) == ("repaired", 5000)


async def test_a_repair_of_an_event_is_a_warning(station_v2: Station, service: TransactionService) -> None:
    await station_v2.send("TransactionEvent", event("Started", 0, 0), "unknownValue@triggerReason")

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert (transaction.warnings, transaction.quality) == (
        ["repaired: TransactionEvent unknownValue"],
        "repaired",
    )


async def test_an_event_without_a_time_of_its_own_comes_again_with_another(
    station_v2: Station, service: TransactionService
) -> None:
    """It gets the time of receipt, so it may look like another event of the same seqNo."""
    for at in (0, 1):
        await station_v2.send("TransactionEvent", event("Started", 0, at), "timestampMissing@timestamp")

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert transaction.warnings == ["repaired: TransactionEvent timestampMissing"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0), (0, 1, 0)])
async def test_meter_values_of_no_transaction_are_marked_unless_they_came_in_good_form(
    station_v2: Station, service: TransactionService, order: tuple[int, ...]
) -> None:
    payload = {"evseId": 1, "meterValue": register_v2(5, 10)}
    for number in order:
        await station_v2.send("MeterValues", payload, ["null@a", "timestampFormat@b", ""][number])

    [stored] = await documents(service.meter_values)
    assert stored.repairs == (None if 2 in order else ["null", "timestampFormat"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(events(), repairs), min_size=1, max_size=6))
def test_repaired_events_make_the_transaction_of_clean_ones(messages: list[tuple[Message, Any]]) -> None:
    assert_the_same(Version.V21, messages, "CS1:tx-1")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(messages_v16(), repairs), min_size=1, max_size=6))
def test_repaired_messages_of_1_6_make_the_transaction_of_clean_ones(
    messages: list[tuple[Message, Any]],
) -> None:
    assert_the_same(Version.V16, messages, f"CS1:{ID}")


def assert_the_same(version: Version, messages: list[tuple[Message, Any]], id: str) -> None:
    clean = run(_shown(version, [(message, []) for message, _ in messages], id))
    repaired = run(_shown(version, messages, id))

    marks = [warning for warning in repaired["warnings"] if warning.startswith(REPAIRED)]
    assert bool(marks) == any(rules for _, rules in messages)
    assert repaired["quality"] == ("doubtful" if clean["warnings"] else "repaired" if marks else "clean")
    same = repaired | {"quality": clean["quality"]}
    same["warnings"] = [warning for warning in repaired["warnings"] if warning not in marks]
    assert same == clean


async def _shown(version: Version, messages: list[tuple[Message, Any]], id: str) -> Json:
    service: Any = service_in_memory()
    for (action, payload), rules in messages:
        await Station(service, version).send(action, payload, " ".join(rules))
    shown: Json = service.transactions.documents[id].model_dump(mode="json", exclude={"evidence"})
    return shown


def test_a_token_is_not_part_of_a_warning() -> None:
    """Only names of rules are shown, whatever stands in the attribute."""
    message = event("Started", 0, 0, idToken=token())
    shown = run(_shown(Version.V21, [(("TransactionEvent", message), ["secret@x", "null@y"])], "CS1:tx-1"))
    assert shown["warnings"] == ["repaired: TransactionEvent null"]
