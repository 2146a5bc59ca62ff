"""What was done a moment ago, so that it is not done again at once."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta


class Recently:
    """When something was last done, for the ``size`` latest keys: what it forgets is done again, no more."""

    def __init__(self, interval: timedelta, size: int = 100_000) -> None:
        self._interval = interval
        self._size = size
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def done(self, key: str, at: datetime) -> bool:
        """Whether it was done less than the interval before ``at``."""
        last = self._last.get(key)
        return last is not None and at - last < self._interval

    def add(self, key: str, at: datetime) -> None:
        self._last[key] = at
        self._last.move_to_end(key)
        if len(self._last) > self._size:
            self._last.popitem(last=False)

    def __len__(self) -> int:
        return len(self._last)
