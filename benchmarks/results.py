"""What the benchmark found out: figures, comparisons of two checkouts, and the file that keeps them."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Literal

import orjson

LEAST_RATIO = 0.97
"""A comparison below is worth a look. Look at its spread first."""
MORE_IS_BETTER = ("calls/s",)
LESS_IS_BETTER = ("s", "ms", "µs", "µs/call", "KiB")
_PACKAGES = ("msgspec", "orjson", "jsonschema-rs", "pydantic", "uvloop", "websockets")


@dataclass(frozen=True)
class Figure:
    """One measured number. Without a budget it is for information."""

    row: str
    what: str
    value: float
    unit: str
    at_least: float | None = None
    """A budget: the value meets it when it is this or more."""
    below: float | None = None
    """A budget: the value meets it when it is less."""

    @property
    def verdict(self) -> Literal["met", "MISSED", ""]:
        if self.at_least is not None:
            return "met" if self.value >= self.at_least else "MISSED"
        if self.below is not None:
            return "met" if self.value < self.below else "MISSED"
        return ""

    @property
    def budget(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:,g}"
        return f"< {self.below:,g}" if self.below is not None else ""


@dataclass(frozen=True)
class Comparison:
    """One number of a row, measured several times of this checkout and of the other, one after the other."""

    row: str
    what: str
    unit: str
    this: Sequence[float]
    other: Sequence[float]
    """As many as ``this``: two of the same place are a pair."""

    @property
    def ratios(self) -> Sequence[float]:
        """How many times as good this checkout is, for each pair, in ascending order. 1 is the same."""
        pairs = zip(self.this, self.other, strict=True)
        return sorted(a / b if self.unit in MORE_IS_BETTER else b / a for a, b in pairs)

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def median_this(self) -> float:
        return median(self.this)

    @property
    def median_other(self) -> float:
        return median(self.other)


@dataclass
class Results:
    figures: list[Figure] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Why, by row, where a row could not be measured."""

    def without_budgets(self) -> Results:
        figures = [replace(figure, at_least=None, below=None) for figure in self.figures]
        return replace(self, figures=figures)


def compare(this: Sequence[Sequence[Figure]], other: Sequence[Sequence[Figure]]) -> list[Comparison]:
    """From the figures of one row, run as often for this checkout as for the other. Counts are left out."""
    return [
        Comparison(
            figure.row,
            figure.what,
            figure.unit,
            [figures[place].value for figures in this],
            [figures[place].value for figures in other],
        )
        for place, figure in enumerate(this[0])
        if figure.unit in MORE_IS_BETTER + LESS_IS_BETTER
    ]


def percentile(values: Sequence[float], percent: float) -> float:
    """Of values in any order. Raises ``ValueError`` when there are none: nothing measured is no result."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def write(results: Results, about: dict[str, object], at: datetime, folder: Path) -> Path:
    """A JSON file of the results, of ``about``, and of the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y-%m-%dT%H-%M-%SZ}.json"
    found = {
        "at": at,
        "machine": _machine(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        **about,
        "figures": [_with(figure, verdict=figure.verdict) for figure in results.figures],
        "comparisons": [_with(each, ratio=each.ratio) for each in results.comparisons],
        "failures": results.failures,
    }
    path.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return path


def _with(value: Figure | Comparison, **more: object) -> dict[str, object]:
    return {**vars(value), **more}


def _machine() -> dict[str, str | int]:
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
