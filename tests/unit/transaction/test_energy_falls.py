"""An energy register that falls, or changes its unit: marked, and never billed in silence."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.transaction.model import Transaction
from services.transaction.register import MAX_INTERVALS, RegisterHistory, falls, merge_histories
from services.transaction.service import TransactionService
from services.transaction.warnings import (
    HIGHEST_NOT_COUNTED,
    METER_RAN_BACKWARDS,
    TOO_MUCH_ENERGY,
    UNIT_CHANGED,
)

from .fakes import Station, register_v2, register_v16

KWH = {"unitOfMeasure": {"unit": "kWh"}}


async def test_an_end_in_another_unit_is_marked_and_the_highest_reading_counts(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0, meterValue=register_v2(0, 0, **KWH))
    await station_v2.event("Updated", 1, 1, meterValue=register_v2(1, 0.15009, **KWH))
    await station_v2.event("Ended", 2, 2, meterValue=register_v2(2, 0.20649))

    transaction = await _transaction(service)
    assert transaction.warnings == sorted([METER_RAN_BACKWARDS, UNIT_CHANGED])
    assert transaction.quality == "doubtful"
    assert (transaction.meter_stop_wh, transaction.meter_highest_wh) == (
        Decimal("0.20649"),
        Decimal("150.09"),
    )
    assert transaction.energy_wh == Decimal("150.09")


@pytest.mark.parametrize(
    ("readings", "energy_wh", "highest_wh"),
    [
        ([1000, 5000, 0, 3000], 4000, 5000),
        ([1000, 5000, 0, 900], 4000, 5000),
        ([0, 5000, 100, 8000], 8000, None),
        ([10_000, 15_000, 12_000, 20_000], 10_000, None),
        ([1000, 900, 1100], 100, None),
    ],
)
async def test_a_register_that_falls_is_marked(
    station_v2: Station,
    service: TransactionService,
    readings: list[int],
    energy_wh: int,
    highest_wh: int | None,
) -> None:
    await _charge(station_v2, readings)

    transaction = await _transaction(service)
    assert transaction.warnings == [METER_RAN_BACKWARDS]
    assert (transaction.energy_wh, transaction.meter_highest_wh) == (energy_wh, highest_wh)


async def test_a_register_that_fell_is_marked_while_the_transaction_is_active(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0, meterValue=register_v2(0, 1000))
    await station_v2.event("Updated", 1, 10, meterValue=register_v2(10, 3000))
    await station_v2.event("Updated", 2, 20, meterValue=register_v2(20, 2000))

    transaction = await _transaction(service)
    assert (transaction.active, transaction.warnings) == (True, [METER_RAN_BACKWARDS])
    assert (transaction.energy_wh, transaction.meter_highest_wh) == (2000, 3000)


async def test_a_reading_that_no_vehicle_can_cause_is_marked_and_not_billed(
    station_v2: Station, service: TransactionService
) -> None:
    await _charge(station_v2, [1000, 1_500_000, 2000])

    transaction = await _transaction(service)
    assert transaction.warnings == [HIGHEST_NOT_COUNTED, METER_RAN_BACKWARDS]
    assert (transaction.energy_wh, transaction.meter_highest_wh) == (1000, 1_500_000)


async def test_more_than_a_vehicle_can_take_is_marked(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start(meterStart=1))["transactionId"]
    await station_v16.stop(id, meterStop=300_002)

    transaction = await _transaction(service, str(id))
    assert (transaction.energy_wh, transaction.warnings) == (300_001, [TOO_MUCH_ENERGY])


@pytest.mark.parametrize("values", [["1000.4", "5999.7", "6000.9"], ["999.2", "6000.1"], ["1", "2"]])
async def test_meter_start_and_stop_of_1_6_are_whole_watt_hours(
    station_v16: Station, service: TransactionService, values: list[str]
) -> None:
    id = (await station_v16.start(meterStart=1000))["transactionId"]
    for number, value in enumerate(values):
        sampled = register_v16(10 * (number + 1), value)
        await station_v16.send("MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": sampled})
    await station_v16.stop(id, meterStop=6000)

    transaction = await _transaction(service, str(id))
    assert transaction.energy_wh == 5000
    assert transaction.warnings == ([METER_RAN_BACKWARDS] if "1" in values else [])


@pytest.mark.parametrize(
    ("units", "is_marked"),
    [
        (["Wh", "Wh"], False),
        ([None, "Wh"], False),
        (["kWh", "kwh"], False),
        (["kWh", None], True),
        (["Wh", "kWh"], True),
    ],
)
async def test_a_unit_that_changes_is_marked(
    station_v2: Station, service: TransactionService, units: list[str | None], is_marked: bool
) -> None:
    for seq_no, unit in enumerate(units):
        wh = 1 + seq_no if (unit or "Wh") != "Wh" else 1000 * (1 + seq_no)
        about: dict[str, Any] = {"unitOfMeasure": {"unit": unit}} if unit else {}
        kind = "Updated" if seq_no else "Started"
        await station_v2.event(kind, seq_no, seq_no, meterValue=register_v2(seq_no, wh, **about))

    transaction = await _transaction(service)
    assert transaction.warnings == ([UNIT_CHANGED] if is_marked else [])
    assert transaction.energy_wh == 1000


async def test_what_is_measured_after_the_end_is_no_fall(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    await station_v16.stop(id)
    late = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(61, "6001")}
    await station_v16.send("MeterValues", late)

    transaction = await _transaction(service, str(id))
    assert (transaction.energy_wh, transaction.warnings) == (5000, [])


readings = st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 50)), min_size=2, max_size=12)


@given(readings, st.randoms(use_true_random=False))
def test_the_history_follows_from_the_readings_alone(measured: list[tuple[int, int]], random: Any) -> None:
    shuffled = [*measured, *measured[:3]]
    random.shuffle(shuffled)
    half = len(shuffled) // 2
    left, right = _history(shuffled[:half]), _history(shuffled[half:])

    merged = merge_histories(left, right)

    assert merged == _history(measured) == merge_histories(right, left)
    assert len(merged.lowest) <= MAX_INTERVALS
    assert merge_histories(merged, left) is merged


@given(readings)
def test_only_a_register_that_falls_is_said_to_fall(measured: list[tuple[int, int]]) -> None:
    times, registers = sorted(at for at, _ in measured), sorted(wh for _, wh in measured)
    history = _history(zip(times, registers, strict=True))

    assert not falls(history, times[0] - 200_000, Decimal(registers[0]), times[-1] + 200_000)


def _history(measured: Any) -> RegisterHistory:
    one, *others = (RegisterHistory(1, {at: Decimal(wh)}) for at, wh in measured)
    return reduce(merge_histories, others, one)


async def _charge(station: Station, readings: list[int]) -> None:
    """One reading every ten minutes."""
    kinds = ["Started", *["Updated"] * (len(readings) - 2), "Ended"]
    for seq_no, (kind, wh) in enumerate(zip(kinds, readings, strict=True)):
        await station.event(kind, seq_no, 10 * seq_no, meterValue=register_v2(10 * seq_no, wh))


async def _transaction(service: TransactionService, transaction_id: str = "tx-1") -> Transaction:
    transaction = await service.transactions.get(f"CS1:{transaction_id}")
    assert transaction is not None
    return transaction
