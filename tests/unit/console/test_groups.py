"""The groups of stations as streams ask for them."""

from __future__ import annotations

import pytest

from libs.csms.access.groups import UnknownStation
from services.console.live import groups as limits
from services.console.live.groups import LIFETIME, CachedGroups

from .test_stream import Groups


async def test_a_group_is_asked_for_once_in_a_while_also_of_a_station_that_nobody_knows() -> None:
    now, known = [0.0], Groups()
    groups = CachedGroups(known, lambda: now[0])
    for _ in range(3):
        assert await groups.group_of("CS1") == "north"
        with pytest.raises(UnknownStation):
            await groups.group_of("unknown")
    assert known.asked == 2

    now[0] += LIFETIME
    await groups.group_of("CS1")
    assert known.asked == 3


async def test_the_station_that_was_asked_for_longest_ago_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_STATIONS", 1)
    known = Groups()
    groups = CachedGroups(known)
    for id in ("CS1", "CS2", "CS2", "CS1"):
        await groups.group_of(id)
    assert known.asked == 3
