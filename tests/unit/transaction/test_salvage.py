"""A message of a transaction that was refused: what can be read of it counts, and the rest is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ocpp_messages.version import Version
from services.transaction.model import Transaction
from services.transaction.service import TransactionService
from services.transaction.warnings import MAX_SALVAGED, SALVAGED, START_MISSING, UNREADABLE_TIME
from tests.documents import documents

from ..loop import run
from .fakes import Json, Station, event, minute, register_v2, register_v16, service_in_memory, token

SALVAGED_STOP = "salvaged: StopTransaction meterStop: must be integer"


@pytest.mark.parametrize(
    ("stop", "stop_wh", "ended_at", "more"),
    [
        ({"meterStop": "6000", "timestamp": minute(60)}, 6000, minute(60), []),
        ({"meterStop": 6000.4, "timestamp": minute(60)}, Decimal("6000.4"), minute(60), []),
        ({"METERSTOP": " 6000 ", "TimeStamp": "2026-11-20 11:00:00"}, 6000, minute(60), []),
        ({"meterStop": 6000, "timestamp": 1795172400}, 6000, minute(60), []),
        ({"meterStop": 6000, "timestamp": "1795172400000"}, 6000, minute(60), []),
        ({"meterStop": None, "timestamp": minute(60)}, 3000, minute(60), []),
        ({"meterStop": "six", "timestamp": minute(60), "reason": ["?"]}, 3000, minute(60), []),
        ({"meterStop": 6000}, 6000, minute(120), [UNREADABLE_TIME]),
        ({"meterStop": 6000, "timestamp": "noon"}, 6000, minute(120), [UNREADABLE_TIME]),
        ({"meterStop": True, "timestamp": {}}, 3000, minute(120), [UNREADABLE_TIME]),
    ],
)
async def test_a_refused_stop_ends_its_transaction(
    station_v16: Station,
    service: TransactionService,
    stop: Json,
    stop_wh: Any,
    ended_at: str,
    more: list[str],
) -> None:
    id = (await station_v16.start())["transactionId"]
    values = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(30, "3000")}
    await station_v16.send("MeterValues", values)

    await station_v16.refused("StopTransaction", {"transactionId": str(id), **stop})

    transaction = await _transaction(service, str(id))
    shown = transaction.model_dump(mode="json", by_alias=True)
    assert (shown["active"], shown["endedAt"], shown["stoppedReason"]) == (False, ended_at, "Other")
    assert (transaction.meter_stop_wh, transaction.energy_wh) == (stop_wh, stop_wh - 1000)
    assert transaction.warnings == sorted([SALVAGED_STOP, *more])
    assert transaction.quality == "doubtful"
    topics = [topic for topic, _ in service.bus.published]  # type: ignore[attr-defined]
    assert topics[-1] == "TransactionEnded"


async def test_without_a_readable_register_the_highest_reading_is_billed(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    for at, wh in ((10, "3000"), (20, "2000")):
        values = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(at, wh)}
        await station_v16.send("MeterValues", values)

    await station_v16.refused("StopTransaction", {"transactionId": id, "meterStop": "?"})

    transaction = await _transaction(service, str(id))
    assert (transaction.energy_wh, transaction.meter_highest_wh) == (2000, 3000)


async def test_the_stop_may_come_again_in_good_form_and_counts_once(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    refused = {"transactionId": id, "meterStop": "6000", "timestamp": "", "idTag": 5, "reason": "Remote"}
    for _ in range(2):
        await station_v16.refused("StopTransaction", refused)
    await station_v16.stop(id, reason="Remote")

    transaction = await _transaction(service, str(id))
    assert (transaction.energy_wh, transaction.stopped_reason) == (5000, "Remote")
    assert transaction.model_dump(mode="json")["ended_at"] == minute(60)
    assert len(await documents(service.transactions)) == 1


async def test_refused_meter_values_count(station_v16: Station, service: TransactionService) -> None:
    id = (await station_v16.start())["transactionId"]
    sample = {"value": 2.5, "unit": "kwh", "context": "Whatever", "measurand": None}
    payload = {
        "transactionId": float(id),
        "meterValue": {"timestamp": minute(10), "sampledValue": sample},
    }

    await station_v16.refused("MeterValues", payload, "meterValue.0.sampledValue.0.unit: must be one of Wh")

    transaction = await _transaction(service, str(id))
    assert (transaction.active, transaction.energy_wh) == (True, 1500)
    assert transaction.warnings == [
        "salvaged: MeterValues meterValue.*.sampledValue.*.unit: must be one of Wh"
    ]
    assert len(await documents(service.meter_values, transaction=f"CS1:{id}")) == 1


async def test_refused_events_make_the_transaction_that_they_tell_of(
    station_v2: Station, service: TransactionService
) -> None:
    started = event("Started", 0, 0, evse={"id": "1"}, idToken=token(), meterValue=register_v2(0, 1000))
    ended = event("ended", 1, 60, meterValue=register_v2(60, "6000.5", unit="Wh"))
    ended["seqNo"], ended["triggerReason"] = "1", "Gone"

    for payload in (started, ended):
        await station_v2.refused("TransactionEvent", payload, "x")

    transaction = await _transaction(service)
    assert (transaction.active, transaction.evse_id, transaction.id_token) == (False, 1, "TAG")
    assert (transaction.energy_wh, transaction.missing_seq_nos) == (Decimal("5000.5"), [])
    # The station sends the same again in good form: of the same seqNo, but no other event.
    await station_v2.event("Ended", 1, 60, meterValue=register_v2(60, 6000.5))
    transaction = await _transaction(service)
    assert transaction.warnings == ["salvaged: TransactionEvent x"]
    topics = [topic for topic, _ in service.bus.published]  # type: ignore[attr-defined]
    assert topics == ["TransactionStarted", "TransactionEnded", "TransactionEnded"]


@pytest.mark.parametrize("about", [{"unitOfMeasure": {"unit": "kWh"}}, {"unit": "kWh"}])
async def test_the_unit_of_a_salvaged_register_counts(
    station_v2: Station, service: TransactionService, about: Json
) -> None:
    await station_v2.refused(
        "TransactionEvent", event("Started", 0, 0, meterValue=register_v2(0, "1.5", **about)), "x"
    )

    assert (await _transaction(service)).meter_start_wh == 1500


async def test_a_secret_of_a_refused_event_is_not_kept(
    station_v2: Station, service: TransactionService
) -> None:
    for about in ({"type": "KeyCode"}, {"type": None}, {}):
        payload = event("Started", 0, 0, idToken={"idToken": "4711", **about})
        await station_v2.refused("TransactionEvent", payload, "x")

    assert "4711" not in (await _transaction(service)).model_dump_json()


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("StartTransaction", {"connectorId": 1, "idTag": "TAG", "meterStart": "9", "timestamp": minute(0)}),
        ("StopTransaction", {"meterStop": 5, "timestamp": minute(1)}),
        ("StopTransaction", {"transactionId": "none", "meterStop": 5, "timestamp": minute(1)}),
        ("StopTransaction", {"transactionId": -1, "meterStop": "5", "timestamp": minute(1)}),
        ("MeterValues", {"connectorId": 1, "meterValue": register_v16(1, "5")}),
        ("MeterValues", {"connectorId": 1, "transactionId": 5, "meterValue": 7}),
        ("MeterValues", [1]),
        ("MeterValues", None),
    ],
)
async def test_what_names_no_transaction_makes_none(
    station_v16: Station, service: TransactionService, action: str, payload: Any
) -> None:
    await station_v16.refused(action, payload)

    assert await documents(service.transactions) == []
    assert await documents(service.meter_values) == []


async def test_a_station_with_ever_new_mistakes_fills_no_document(
    station_v16: Station, service: TransactionService
) -> None:
    for number in range(3 * MAX_SALVAGED):
        await station_v16.refused("StopTransaction", {"transactionId": 5}, f"x{number:03}: wrong")

    transaction = await _transaction(service, "5")
    expected = [f"salvaged: StopTransaction x{number:03}: wrong" for number in range(MAX_SALVAGED)]
    assert transaction.warnings == [START_MISSING, *expected, UNREADABLE_TIME]


MESSAGES: dict[str, tuple[Version, Json]] = {
    "StartTransaction": (
        Version.V16,
        {"connectorId": 1, "idTag": "TAG", "meterStart": 5, "timestamp": minute(0)},
    ),
    "StopTransaction": (Version.V16, {"transactionId": 7, "meterStop": 9, "timestamp": minute(2)}),
    "MeterValues": (
        Version.V16,
        {"connectorId": 1, "transactionId": 7, "meterValue": register_v16(1, "8")},
    ),
    "TransactionEvent": (
        Version.V21,
        event("Ended", 3, 2, evse={"id": 1}, idToken=token(), meterValue=register_v2(2, 9)),
    ),
}

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def paths(payload: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = payload.items() if isinstance(payload, dict) else enumerate(payload)
    for key, value in items:
        found += paths(value, (*path, key)) if isinstance(value, dict | list) else [(*path, key)]
    return found


def changed(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    items = payload.items() if isinstance(payload, dict) else enumerate(payload)
    new = {key: changed(one, path[1:], value) if key == path[0] else one for key, one in items}
    return new if isinstance(payload, dict) else list(new.values())


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    action = draw(st.sampled_from(sorted(MESSAGES)))
    payload: Any = MESSAGES[action][1]
    for _ in range(draw(st.integers(1, 3))):
        if isinstance(payload, dict | list) and (places := paths(payload)):
            payload = changed(payload, draw(st.sampled_from(places)), draw(junk))
    return action, payload


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_a_mutated_message_counts_wherever_it_names_its_transaction(message: tuple[str, Any]) -> None:
    async def stored() -> list[Transaction]:
        service: Any = service_in_memory()
        for _ in range(2):
            await Station(service, MESSAGES[message[0]][0]).refused(*message)
        return list(service.transactions.documents.values())

    transactions = run(stored())
    assert len(transactions) <= 1
    if names_its_transaction(*message):
        [transaction] = transactions
        assert transaction.quality == "doubtful"
        assert any(warning.startswith(SALVAGED) for warning in transaction.warnings)


def names_its_transaction(action: str, payload: Any) -> bool:
    """As the clean message does."""
    if not isinstance(payload, dict):
        return False
    match action:
        case "StopTransaction":
            return payload["transactionId"] == 7
        case "MeterValues":
            meter_values = payload["meterValue"]
            has_any = isinstance(meter_values, list) and any(isinstance(one, dict) for one in meter_values)
            return payload["transactionId"] == 7 and has_any
        case "TransactionEvent":
            info = payload["transactionInfo"]
            return isinstance(info, dict) and info.get("transactionId") == "tx-1"
        case _:
            return False


@settings(max_examples=100, deadline=None)
@given(st.lists(mutated(), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_refused_messages_make_the_same_transactions_in_any_order(
    messages: list[tuple[str, Any]], random: Any
) -> None:
    async def stored(order: list[tuple[str, Any]]) -> list[Any]:
        service: Any = service_in_memory()
        for action, payload in order:
            await Station(service, MESSAGES[action][0]).refused(action, payload)
        collections = (service.transactions, service.meter_values)
        return [
            {id: document.model_dump(mode="json") for id, document in collection.documents.items()}
            for collection in collections
        ]

    again = [*messages, *messages[:2]]
    random.shuffle(again)
    assert run(stored(messages)) == run(stored(again))


async def _transaction(service: TransactionService, transaction_id: str = "tx-1") -> Transaction:
    transaction = await service.transactions.get(f"CS1:{transaction_id}")
    assert transaction is not None
    return transaction
