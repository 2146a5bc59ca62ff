"""Time limits for the work of one task, a piece at a time: ``asyncio.timeout_at`` costs twice as much."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class TimeLimit:
    """Of the task that makes it, one at a time: ``with limit.until(...)`` raises ``TimeoutError``."""

    __slots__ = ("_cancelling", "_is_over", "_loop", "_task", "_timer")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._loop = asyncio.get_running_loop()

    def until(self, when: float) -> Self:
        """``when`` is a time of the event loop."""
        self._is_over = False
        self._cancelling = self._task.cancelling()
        self._timer = self._loop.call_at(when, self._cancel)
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._is_over and self._task.uncancel() <= self._cancelling and type_ is asyncio.CancelledError:
            raise TimeoutError from error

    def _cancel(self) -> None:
        self._is_over = True
        self._task.cancel()
