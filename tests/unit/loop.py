"""One event loop for all examples of property tests: to make one costs more than many an example."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_loop = asyncio.new_event_loop()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """As ``asyncio.run``, for what leaves no task behind."""
    return _loop.run_until_complete(coroutine)
