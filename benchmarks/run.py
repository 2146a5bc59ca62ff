"""Runs the rows one after the other, and writes down what they find out."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import orjson

from .figures import Figure
from .generator import generator
from .library import library
from .machine import commit, machine, versions
from .many import idle, reconnecting
from .mixed import mixed, mixed_on_full_store
from .single import single
from .size import Size

log = logging.getLogger(__name__)

Row = Callable[[Size], Awaitable[Sequence[Figure]]]

ROWS: dict[str, Row] = {
    "generator": generator,
    "f": library,
    "b": single,
    "a": mixed,
    "c": mixed_on_full_store,
    "d": idle,
    "e": reconnecting,
}


@dataclass
class Results:
    figures: list[Figure] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Rows that found nothing out, and why."""

    def unjudged(self) -> Results:
        """Without budgets, which hold for the full size only."""
        return Results([replace(each, at_least=None, below=None) for each in self.figures], self.failures)


async def run(rows: Sequence[str], size: Size, started: Callable[[str], None]) -> Results:
    _allow_many_sockets()
    results = Results()
    for row in rows:
        started(row)
        try:
            async with asyncio.timeout(size.row_limit):
                results.figures += await ROWS[row](size)
        except Exception as error:
            log.exception("row %s failed", row)
            results.failures[row] = f"{type(error).__name__}: {error}"
    return results


def write(results: Results, size: Size, at: datetime, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y-%m-%dT%H-%M-%SZ}.json"
    found = {
        "at": at,
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
        "size": asdict(size),
        "figures": [{**asdict(figure), "verdict": figure.verdict} for figure in results.figures],
        "failures": results.failures,
    }
    path.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return path


def _allow_many_sockets() -> None:
    """The CSMS inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
