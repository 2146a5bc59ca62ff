from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.transaction.model import Transaction
from services.transaction.service import TransactionService
from services.transaction.warnings import METER_JUMPED_FROM_ZERO, METER_RAN_BACKWARDS, UNREADABLE_VALUE
from tests.documents import documents

from .fakes import Json, Station, minute, register_v2, register_v16


async def test_declared_readings_count_before_others(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event(
        "Started", 0, 0, meterValue=register_v2(-1, 90) + register_v2(0, 100, context="Transaction.Begin")
    )
    await station_v2.event("Ended", 1, 9, meterValue=register_v2(9, 200, context="Transaction.End"))
    await station_v2.event("Updated", 2, 10, meterValue=register_v2(10, 300))

    assert await _energy(service) == (100, 200, 100)


async def test_without_declared_readings_the_first_and_the_last_count(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Updated", 1, 5, meterValue=register_v2(5, 150))
    await station_v2.event("Started", 0, 0, meterValue=register_v2(0, 100))
    await station_v2.event("Ended", 2, 9, meterValue=register_v2(9, 200.25))

    assert await _energy(service) == (100, Decimal("200.25"), Decimal("100.25"))


@pytest.mark.parametrize(
    ("wh", "sampled"),
    [
        (1500, {"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}),
        (1500, {"value": 1.5, "unitOfMeasure": {"multiplier": 3}}),
        (1500, {"value": 15, "unitOfMeasure": {"unit": "kWh", "multiplier": -1}}),
        (1500, {"value": 1500, "unitOfMeasure": {"unit": "Wh"}}),
        (1500, {"value": 1500, "measurand": "Energy.Active.Import.Register", "location": "Outlet"}),
        (Decimal("0.1"), {"value": 0.1}),
        (10**15, {"value": 10**15}),
        (None, {"value": 1500, "phase": "L1"}),
        (None, {"value": 1500, "location": "Inlet"}),
        (None, {"value": 1500, "measurand": "Energy.Active.Export.Register"}),
        (None, {"value": 1500, "measurand": "Energy.Active.Import.Interval"}),
        (None, {"value": 1500, "measurand": "Power.Active.Import"}),
    ],
)
async def test_registers_of_2_x_are_read_in_their_unit(
    station_v2: Station, service: TransactionService, wh: Any, sampled: Json
) -> None:
    await station_v2.event("Started", 0, 0, meterValue=[{"timestamp": minute(0), "sampledValue": [sampled]}])

    transaction = await _transaction(service)
    assert (transaction.meter_start_wh, transaction.warnings) == (wh, [])


@pytest.mark.parametrize(
    "sampled",
    [
        {"value": 1, "unitOfMeasure": {"unit": "furlong"}},
        {"value": 1, "unitOfMeasure": {"multiplier": 2_000_000_000}},
        {"value": 1, "unitOfMeasure": {"multiplier": -2_000_000_000}},
        {"value": 1e300},
        {"value": 10**15 + 1},
    ],
)
async def test_what_no_meter_can_show_is_a_warning(
    station_v2: Station, service: TransactionService, sampled: Json
) -> None:
    await station_v2.event("Started", 0, 0, meterValue=[{"timestamp": minute(0), "sampledValue": [sampled]}])

    transaction = await _transaction(service)
    assert (transaction.meter_start_wh, transaction.warnings) == (None, [UNREADABLE_VALUE])
    assert (
        len(
            await documents(
                service.meter_values,
            )
        )
        == 1
    )


@pytest.mark.parametrize("garbage", ["", "abc", "12,5", "NaN", "Infinity", "1e999999999", "-1e400", "١x"])
async def test_garbage_of_1_6_is_kept_with_a_warning(
    station_v16: Station, service: TransactionService, garbage: str
) -> None:
    id = (await station_v16.start())["transactionId"]
    values = register_v16(10, garbage) + register_v16(20, garbage, measurand="Voltage")

    await station_v16.send("MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": values})
    await station_v16.stop(id)

    transaction = await service.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert (transaction.energy_wh, transaction.warnings) == (5000, [UNREADABLE_VALUE])
    assert len(await documents(service.meter_values, transaction=f"CS1:{id}")) == 2


async def test_signed_values_of_1_6_are_kept_and_not_summed(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    signed = register_v16(10, "OCMF|{}|{}", format="SignedData", context="Transaction.End")

    await station_v16.send("MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": signed})

    transaction = await service.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert (transaction.energy_wh, transaction.warnings) == (0, [])


async def test_a_meter_that_runs_backwards_uses_no_energy(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start(meterStart=9000))["transactionId"]
    await station_v16.stop(id, meterStop=8999)

    transaction = await service.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert (transaction.meter_start_wh, transaction.meter_stop_wh) == (9000, 8999)
    assert (transaction.energy_wh, transaction.warnings) == (None, [METER_RAN_BACKWARDS])


@pytest.mark.parametrize(
    ("readings", "is_warned"),
    [
        ([(0, 0), (60, 910_083)], True),
        ([(0, 0), (1, 910_000), (60, 910_083)], True),
        ([(0, 0), (1, 50_000), (60, 50_083)], True),
        ([(0, 0), (1, 900), (60, 300_001)], True),
        ([(0, 0), (1, 900), (60, 300_000)], False),
        ([(0, 0), (1, 900), (60, 22_000)], False),
        ([(5, 0), (0, 900), (60, 22_000)], False),
        ([(0, 0), (0, 0), (60, 0)], False),
        ([(0, 910_000), (60, 910_083)], False),
    ],
)
async def test_a_begin_at_zero_before_a_large_register_is_a_warning(
    station_v2: Station, service: TransactionService, readings: list[tuple[int, int]], is_warned: bool
) -> None:
    (begin_at, begin), *more, (end_at, end) = readings
    await station_v2.event(
        "Started", 0, begin_at, meterValue=register_v2(begin_at, begin, context="Transaction.Begin")
    )
    for seq_no, (at, wh) in enumerate(more, 1):
        await station_v2.event("Updated", seq_no, at, meterValue=register_v2(at, wh))
    await station_v2.event(
        "Ended", 1 + len(more), end_at, meterValue=register_v2(end_at, end, context="Transaction.End")
    )

    transaction = await _transaction(service)
    assert transaction.warnings == ([METER_JUMPED_FROM_ZERO] if is_warned else [])
    assert transaction.energy_wh == end - begin


async def test_one_reading_alone_is_no_energy(station_v2: Station, service: TransactionService) -> None:
    await station_v2.event("Started", 0, 0)
    await station_v2.event("Ended", 1, 9, meterValue=register_v2(9, 200))

    assert await _energy(service) == (None, 200, None)


async def test_without_any_reading_the_energy_is_unknown(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0)
    await station_v2.event("Ended", 1, 9)

    assert await _energy(service) == (None, None, None)


async def _transaction(service: TransactionService) -> Transaction:
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    return transaction


async def _energy(service: TransactionService) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    transaction = await _transaction(service)
    return transaction.meter_start_wh, transaction.meter_stop_wh, transaction.energy_wh


@pytest.mark.parametrize(
    "texts", [("1000", "1000.0", "1E+3"), ("1E+3", "1000.000"), ("1.50", "1.5", "15E-1")]
)
async def test_equal_readings_are_kept_alike(
    station_v16: Station, service: TransactionService, texts: tuple[str, ...]
) -> None:
    for text in texts:
        values = {"connectorId": 1, "transactionId": 5, "meterValue": register_v16(1, text)}
        await station_v16.send("MeterValues", values)

    transaction = await service.transactions.get("CS1:5")
    assert transaction is not None
    kept = {str(wh) for _, wh in transaction.evidence.first_readings.values()}
    assert kept == ({"1.5"} if "1.5" in texts else {"1000"})
