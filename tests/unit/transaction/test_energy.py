from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.transaction.energy import BACKWARDS, JUMPED, UNREADABLE
from services.transaction.model import Transaction
from services.transaction.service import Ledger
from tests.documents import documents

from .world import Json, Station, minute, register, register16


async def test_declared_readings_count_before_others(station2: Station, ledger: Ledger) -> None:
    await station2.event(
        "Started", 0, 0, meterValue=register(-1, 90) + register(0, 100, context="Transaction.Begin")
    )
    await station2.event("Ended", 1, 9, meterValue=register(9, 200, context="Transaction.End"))
    await station2.event("Updated", 2, 10, meterValue=register(10, 300))

    assert await _energy(ledger) == (100, 200, 100)


async def test_without_declared_readings_the_first_and_the_last_count(
    station2: Station, ledger: Ledger
) -> None:
    await station2.event("Updated", 1, 5, meterValue=register(5, 150))
    await station2.event("Started", 0, 0, meterValue=register(0, 100))
    await station2.event("Ended", 2, 9, meterValue=register(9, 200.25))

    assert await _energy(ledger) == (100, Decimal("200.25"), Decimal("100.25"))


@pytest.mark.parametrize(
    ("wh", "sampled"),
    [
        (1500, {"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}),
        (1500, {"value": 1.5, "unitOfMeasure": {"multiplier": 3}}),
        (1500, {"value": 15, "unitOfMeasure": {"unit": "kWh", "multiplier": -1}}),
        (1500, {"value": 1500, "unitOfMeasure": {"unit": "Wh"}}),
        (1500, {"value": 1500, "measurand": "Energy.Active.Import.Register", "location": "Outlet"}),
        (Decimal("0.1"), {"value": 0.1}),
        (None, {"value": 1500, "phase": "L1"}),
        (None, {"value": 1500, "location": "Inlet"}),
        (None, {"value": 1500, "measurand": "Energy.Active.Export.Register"}),
        (None, {"value": 1500, "measurand": "Energy.Active.Import.Interval"}),
        (None, {"value": 1500, "measurand": "Power.Active.Import"}),
    ],
)
async def test_registers_of_2_are_read_in_their_unit(
    station2: Station, ledger: Ledger, wh: Any, sampled: Json
) -> None:
    await station2.event("Started", 0, 0, meterValue=[{"timestamp": minute(0), "sampledValue": [sampled]}])

    transaction = await _transaction(ledger)
    assert (transaction.meter_start_wh, transaction.suspect) == (wh, [])


@pytest.mark.parametrize(
    "sampled",
    [
        {"value": 1, "unitOfMeasure": {"unit": "furlong"}},
        {"value": 1, "unitOfMeasure": {"multiplier": 2_000_000_000}},
        {"value": 1, "unitOfMeasure": {"multiplier": -2_000_000_000}},
        {"value": 1e300},
    ],
)
async def test_what_no_meter_can_show_is_suspect(station2: Station, ledger: Ledger, sampled: Json) -> None:
    await station2.event("Started", 0, 0, meterValue=[{"timestamp": minute(0), "sampledValue": [sampled]}])

    transaction = await _transaction(ledger)
    assert (transaction.meter_start_wh, transaction.suspect) == (None, [UNREADABLE])
    assert await ledger.meter_values.count({}) == 1


@pytest.mark.parametrize("garbage", ["", "abc", "12,5", "NaN", "Infinity", "1e999999999", "-1e400", "١x"])
async def test_garbage_of_16_is_kept_and_suspect(station16: Station, ledger: Ledger, garbage: str) -> None:
    id = (await station16.start())["transactionId"]
    values = register16(10, garbage) + register16(20, garbage, measurand="Voltage")

    await station16.send("MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": values})
    await station16.stop(id)

    transaction = await ledger.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert (transaction.energy_wh, transaction.suspect) == (5000, [UNREADABLE])
    assert len(await documents(ledger.meter_values, transaction=f"CS1:{id}")) == 2


async def test_signed_values_of_16_are_kept_and_not_summed(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start())["transactionId"]
    signed = register16(10, "OCMF|{}|{}", format="SignedData", context="Transaction.End")

    await station16.send("MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": signed})

    transaction = await ledger.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert (transaction.energy_wh, transaction.suspect) == (0, [])


async def test_a_meter_that_runs_backwards_uses_no_energy(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start(meterStart=9000))["transactionId"]
    await station16.stop(id, meterStop=8999)

    transaction = await ledger.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert (transaction.meter_start_wh, transaction.meter_stop_wh) == (9000, 8999)
    assert (transaction.energy_wh, transaction.suspect) == (None, [BACKWARDS])


@pytest.mark.parametrize(
    ("readings", "suspect"),
    [
        ([(0, 0), (60, 910_083)], True),
        ([(0, 0), (1, 910_000), (60, 910_083)], True),
        ([(0, 0), (1, 50_000), (60, 50_083)], True),
        ([(0, 0), (1, 900), (60, 22_000)], False),
        ([(0, 0), (0, 0), (60, 0)], False),
        ([(0, 910_000), (60, 910_083)], False),
    ],
)
async def test_a_begin_at_zero_before_a_large_register_is_suspect(
    station2: Station, ledger: Ledger, readings: list[tuple[int, int]], suspect: bool
) -> None:
    (begin_at, begin), *more, (end_at, end) = readings
    await station2.event(
        "Started", 0, begin_at, meterValue=register(begin_at, begin, context="Transaction.Begin")
    )
    for seq_no, (at, wh) in enumerate(more, 1):
        await station2.event("Updated", seq_no, at, meterValue=register(at, wh))
    await station2.event(
        "Ended", 1 + len(more), end_at, meterValue=register(end_at, end, context="Transaction.End")
    )

    transaction = await _transaction(ledger)
    assert transaction.suspect == ([JUMPED] if suspect else [])
    assert transaction.energy_wh == end - begin


async def test_one_reading_alone_is_no_energy(station2: Station, ledger: Ledger) -> None:
    await station2.event("Started", 0, 0)
    await station2.event("Ended", 1, 9, meterValue=register(9, 200))

    assert await _energy(ledger) == (None, 200, None)


async def test_without_any_reading_the_energy_is_unknown(station2: Station, ledger: Ledger) -> None:
    await station2.event("Started", 0, 0)
    await station2.event("Ended", 1, 9)

    assert await _energy(ledger) == (None, None, None)


async def _transaction(ledger: Ledger) -> Transaction:
    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None
    return transaction


async def _energy(ledger: Ledger) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    transaction = await _transaction(ledger)
    return transaction.meter_start_wh, transaction.meter_stop_wh, transaction.energy_wh


@pytest.mark.parametrize(
    "texts", [("1000", "1000.0", "1E+3"), ("1E+3", "1000.000"), ("1.50", "1.5", "15E-1")]
)
async def test_equal_readings_are_kept_alike(
    station16: Station, ledger: Ledger, texts: tuple[str, ...]
) -> None:
    for text in texts:
        values = {"connectorId": 1, "transactionId": 5, "meterValue": register16(1, text)}
        await station16.send("MeterValues", values)

    transaction = await ledger.transactions.get("CS1:5")
    assert transaction is not None
    kept = {str(wh) for _, wh in transaction.evidence.first_readings.values()}
    assert kept == ({"1.5"} if "1.5" in texts else {"1000"})
