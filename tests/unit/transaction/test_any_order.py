"""The messages of a transaction make the same documents in any order, however often each of them comes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService
from services.transaction.transaction_ids import reserve_transaction_id

from ..loop import run
from .fakes import Json, Station, event, minute, register_v2, register_v16, service_in_memory, token

Message = tuple[str, Json]

values = st.sampled_from(["0", "1000", "1000.0", "1500.5", "9", "-3", "junk"])
contexts = st.sampled_from([None, "Transaction.Begin", "Transaction.End", "Sample.Clock"])
minutes = st.integers(0, 5)


def optional(**fields: Any) -> st.SearchStrategy[Json]:
    """Some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def meter_values_v16(draw: st.DrawFn) -> list[Json]:
    context = draw(contexts)
    return register_v16(draw(minutes), draw(values), **({"context": context} if context else {}))


@st.composite
def meter_values_v2(draw: st.DrawFn) -> list[Json]:
    context = draw(contexts)
    value = draw(st.sampled_from([0, 1000, 1000.0, 1500.5, 9, -3]))
    return register_v2(draw(minutes), value, **({"context": context} if context else {}))


@st.composite
def events(draw: st.DrawFn) -> Message:
    changes = draw(
        optional(
            offline=st.booleans(),
            evse=st.sampled_from([{"id": 1}, {"id": 1, "connectorId": 2}, {"id": 2}]),
            idToken=st.sampled_from(
                [token("A"), token("b"), token("1", "KeyCode"), token("", "NoAuthorization")]
            ),
            reservationId=st.integers(1, 2),
            meterValue=meter_values_v2(),
            transactionInfo=optional(
                chargingState=st.sampled_from(["Charging", "Idle"]),
                stoppedReason=st.sampled_from(["Remote", "Other"]),
                remoteStartId=st.integers(1, 2),
            ),
        )
    )
    kind = draw(st.sampled_from(["Started", "Updated", "Updated", "Ended"]))
    return "TransactionEvent", event(kind, draw(st.integers(0, 6)), draw(minutes), **changes)


@st.composite
def messages_v16(draw: st.DrawFn) -> Message:
    """Of one start, which has the id ``ID``; the stops of broken stations differ."""
    match draw(st.sampled_from(["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"])):
        case "StartTransaction" as action:
            return action, START
        case "MeterValues" as action:
            about = {"connectorId": draw(st.integers(0, 2)), "transactionId": ID}
            return action, about | {"meterValue": draw(meter_values_v16()) + draw(meter_values_v16())}
        case action:
            stop = {
                "transactionId": ID,
                "timestamp": minute(draw(minutes)),
                "meterStop": draw(st.integers(0, 9)),
            }
            more = optional(
                idTag=st.sampled_from(["A", "b"]),
                reason=st.sampled_from(["Remote", "Other"]),
                transactionData=meter_values_v16(),
            )
            return action, stop | draw(more)


START = {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": minute(1)}


async def _start_id() -> int:
    return await reserve_transaction_id(service_in_memory().transaction_ids, "CS1", 1, "a", minute(1), 5)


ID = run(_start_id())


REFUSED = "refused "
"""Before the action of a message that is refused; what is salvaged of it counts."""


@st.composite
def or_refused(draw: st.DrawFn, messages: st.SearchStrategy[Message]) -> Message:
    """The same message in good form, or with a field that nobody can read."""
    action, payload = draw(messages)
    if action == "StartTransaction" or draw(st.booleans()):
        return action, payload
    spoiled = draw(st.sampled_from(["timestamp", "meterStop", "seqNo", "eventType", "connectorId", "none"]))
    return f"{REFUSED}{action}", payload | ({spoiled: {}} if spoiled in payload else {})


@st.composite
def sent_twice(draw: st.DrawFn, messages: st.SearchStrategy[Message]) -> tuple[list[Message], list[Message]]:
    """The same messages in two orders, some of them more than once in the second."""
    once = draw(st.lists(messages, min_size=1, max_size=8))
    again = draw(st.lists(st.sampled_from(once), max_size=8))
    return once, draw(st.permutations(once + again))


@settings(max_examples=150, deadline=None)
@given(sent_twice(or_refused(events())))
def test_events_of_2_x(orders: tuple[list[Message], list[Message]]) -> None:
    first, second = (run(_documents(Version.V21, order)) for order in orders)

    assert first == second


@settings(max_examples=150, deadline=None)
@given(sent_twice(or_refused(messages_v16())))
def test_messages_of_1_6(orders: tuple[list[Message], list[Message]]) -> None:
    first, second = (run(_documents(Version.V16, order)) for order in orders)

    assert first == second


@settings(max_examples=60, deadline=None)
@given(st.lists(or_refused(events()), min_size=3, max_size=3))
def test_it_makes_no_difference_which_evidence_is_merged_first(messages: list[Message]) -> None:
    one, two, three = (run(_evidence(message)) for message in messages)

    assert one.merge(two).merge(three) == one.merge(two.merge(three))
    assert one.merge(two) == two.merge(one)
    assert one.merge(one) is one
    assert one.merge(two).merge(two) == one.merge(two)


async def _service_after(version: Version, messages: list[Message]) -> TransactionService:
    service = service_in_memory()
    station = Station(service, version)
    for action, payload in messages:
        if action.startswith(REFUSED):
            await station.refused(action.removeprefix(REFUSED), payload)
        else:
            await station.send(action, payload)
    return service


async def _documents(version: Version, messages: list[Message]) -> list[Json]:
    """Every document as JSON, so that numbers that are alike but look different would be told apart."""
    service = await _service_after(version, messages)
    collections: list[Any] = [service.transactions, service.meter_values]
    return [
        {id: document.model_dump(mode="json") for id, document in collection.documents.items()}
        for collection in collections
    ]


async def _evidence(message: Message) -> Any:
    service: Any = await _service_after(Version.V21, [message])
    return service.transactions.documents["CS1:tx-1"].evidence
