"""Event loops of tests: one for all examples of property tests, and time that passes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

_loop = asyncio.new_event_loop()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """As ``asyncio.run``, for what leaves no task behind. A loop for each costs more than many an example."""
    return _loop.run_until_complete(coroutine)


class LoopTime:
    """The time of the event loop, which a test puts forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._loop = asyncio.get_running_loop()
        self._offset = 0.0
        real_time = self._loop.time
        monkeypatch.setattr(self._loop, "time", lambda: real_time() + self._offset)

    def advance(self, seconds: float) -> None:
        """What is due by then happens when the test waits next."""
        self._offset += seconds
