"""Runs rows: of this checkout alone, or of this one and another in turns."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable, Sequence

from .csms import THIS_CHECKOUT, Checkout
from .results import Figure, Results, compare
from .rows import ROWS, Size

log = logging.getLogger(__name__)


async def run(rows: Sequence[str], size: Size, report: Callable[[str], None]) -> Results:
    """``report`` is called with what begins."""
    results = Results()

    async def measure(row: str) -> None:
        report(f"row {row}")
        results.figures += await _figures(row, size, THIS_CHECKOUT)

    await _each(rows, measure, results)
    return results


async def run_against(
    other: Checkout, pairs: int, rows: Sequence[str], size: Size, report: Callable[[str], None]
) -> Results:
    """Each row ``pairs`` times of both checkouts, one right after the other; the first of a pair takes turns.
    A machine that slows down for a while slows both.
    """
    results = Results()

    async def measure(row: str) -> None:
        of_this: list[Sequence[Figure]] = []
        of_other: list[Sequence[Figure]] = []
        both = [(THIS_CHECKOUT, of_this), (other, of_other)]
        for number in range(pairs):
            for checkout, figures in both if number % 2 == 0 else reversed(both):
                report(f"row {row}, pair {number + 1} of {pairs}, {checkout.folder}")
                figures.append(await _figures(row, size, checkout))
        results.comparisons += compare(of_this, of_other)

    await _each(rows, measure, results)
    return results


async def _figures(row: str, size: Size, checkout: Checkout) -> Sequence[Figure]:
    async with asyncio.timeout(size.row_limit):
        return await ROWS[row](size, checkout)


async def _each(rows: Sequence[str], measure: Callable[[str], Awaitable[None]], results: Results) -> None:
    allow_many_sockets()
    for row in rows:
        try:
            await measure(row)
        except Exception as error:
            log.exception("row %s failed", row)
            results.failures[row] = f"{type(error).__name__}: {error}"


def allow_many_sockets() -> None:
    """The CSMS inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
