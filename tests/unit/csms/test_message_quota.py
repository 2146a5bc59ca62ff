"""What is stored of a station in a day, counted by one process or several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from libs.csms.station_messages import quota as quota_module
from libs.csms.station_messages.quota import (
    SAVED_BYTES,
    SAVED_MESSAGES,
    DailyLimits,
    MessageQuota,
    MessageUsage,
)
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Collection, NotStored

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMITS = DailyLimits(messages=1000, bytes=10_000_000)


@pytest.fixture
async def usages(tmp_path: Path) -> AsyncIterator[Collection[MessageUsage]]:
    store = SqliteStore(tmp_path / "csms.db")
    yield store.collection("usage", MessageUsage)
    await store.close()


def quota_on(usages: Collection[MessageUsage], limits: DailyLimits = LIMITS) -> MessageQuota:
    return MessageQuota(usages, limits, lambda: True)


async def stored() -> bool:
    return True


async def send(
    quota: MessageQuota, messages: int, size: int = 10, at: datetime = NOW, station: str = "CS1"
) -> int:
    """How many were stored."""
    count = 0
    for _ in range(messages):
        if quota.has_room(station, at, size):
            await quota.count(station, at, size, stored)
            count += 1
        else:
            await quota.not_stored(station, at)
    return count


async def test_so_many_messages_of_a_station_and_day_are_stored_and_the_rest_is_counted(
    usages: Collection[MessageUsage],
) -> None:
    quota = quota_on(usages)

    assert await send(quota, 1200) == 1000
    assert await send(quota, 5, station="CS2") == 5
    assert await quota.usage("CS1", NOW) == MessageUsage(
        station_id="CS1", day=NOW.date(), stored=1000, bytes=10_000, not_stored=200
    )
    assert await send(quota, 1, at=NOW + timedelta(hours=11, minutes=59)) == 0
    assert await send(quota, 1200, at=NOW + timedelta(hours=12)) == 1000


async def test_so_many_bytes_are_stored(usages: Collection[MessageUsage]) -> None:
    assert await send(quota_on(usages), 20, size=900_000) == 11


async def test_a_message_of_yesterday_that_comes_late_counts_for_today(
    usages: Collection[MessageUsage],
) -> None:
    quota = quota_on(usages)
    await send(quota, 1000)

    assert await send(quota, 1, at=NOW - timedelta(days=1)) == 0
    assert (await quota.usage("CS1", NOW)).not_stored == 1


async def test_yesterday_is_not_shown(usages: Collection[MessageUsage]) -> None:
    quota = quota_on(usages)
    await send(quota, 1100)

    tomorrow = NOW + timedelta(days=1)
    assert await quota.usage("CS1", tomorrow) == MessageUsage(station_id="CS1", day=tomorrow.date())


async def test_a_restart_and_a_second_replica_give_little_more(usages: Collection[MessageUsage]) -> None:
    first, second = quota_on(usages), quota_on(usages)
    stored = 0
    for _ in range(1000):
        stored += await send(first, 1) + await send(second, 1)
    restarted = quota_on(usages)
    stored += await send(restarted, 2000)

    assert LIMITS.messages <= stored <= LIMITS.messages + 3 * SAVED_MESSAGES
    assert await send(restarted, 1) == 0
    assert (await restarted.usage("CS1", NOW)).not_stored > 0


async def test_a_restart_gives_few_bytes_more(usages: Collection[MessageUsage]) -> None:
    size = 400_000
    stored = [await send(quota_on(usages), 100, size) for _ in range(10)]

    assert stored[0] == LIMITS.bytes // size
    assert max(stored[1:]) * size <= SAVED_BYTES + size


async def test_the_store_learns_at_once_that_messages_are_not_stored_and_then_once_a_minute(
    usages: Collection[MessageUsage], caplog: pytest.LogCaptureFixture
) -> None:
    quota = quota_on(usages, DailyLimits(0, 0))
    await send(quota, 10)
    first = await usages.get("CS1")
    await send(quota, 10, at=NOW + timedelta(minutes=1))
    second = await usages.get("CS1")

    assert first is not None and first.not_stored == 1
    assert second is not None and second.not_stored == 11
    assert len(caplog.records) == 1


async def test_a_full_disk_is_not_written_to_for_what_is_not_stored(usages: Collection[MessageUsage]) -> None:
    quota = MessageQuota(usages, LIMITS, lambda: False)

    assert await send(quota, 2000) == 0
    assert await usages.get("CS1") is None
    assert (await quota.usage("CS1", NOW)).not_stored == 2000


async def test_only_so_many_stations_are_remembered(
    usages: Collection[MessageUsage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_module, "MAX_STATIONS", 10)
    quota = quota_on(usages)
    for number in range(100):
        await send(quota, 1, station=f"CS{number}")

    assert len(quota._stations) == 10


async def test_a_deleted_station_leaves_nothing(usages: Collection[MessageUsage]) -> None:
    quota = quota_on(usages)
    await send(quota, 1100)
    await quota.forget("CS1")

    assert await usages.get("CS1") is None
    assert (await quota.usage("CS1", NOW)).stored == 0


async def test_what_is_stored_already_or_cannot_be_stored_does_not_count(
    usages: Collection[MessageUsage],
) -> None:
    quota = quota_on(usages)

    async def known() -> bool:
        return False

    async def failing() -> bool:
        raise NotStored("the disk")

    for _ in range(2000):
        await quota.count("CS1", NOW, 1000, known)
    with pytest.raises(NotStored):
        await quota.count("CS1", NOW, 1000, failing)

    assert await quota.usage("CS1", NOW) == MessageUsage(station_id="CS1", day=NOW.date())
    assert await usages.get("CS1") is None


async def test_many_messages_at_once_have_no_more_room_than_one_after_the_other(
    usages: Collection[MessageUsage],
) -> None:
    quota = quota_on(usages)

    async def slow() -> bool:
        await asyncio.sleep(0)
        return True

    async def one() -> bool:
        if not quota.has_room("CS1", NOW, 10):
            return False
        await quota.count("CS1", NOW, 10, slow)
        return True

    assert sum(await asyncio.gather(*(one() for _ in range(1500)))) == LIMITS.messages
