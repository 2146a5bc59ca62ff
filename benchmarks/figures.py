"""What a row of the benchmark finds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["met", "MISSED", ""]


@dataclass(frozen=True)
class Figure:
    """One measured number. Without a budget it is only told."""

    row: str
    what: str
    value: float
    unit: str
    at_least: float | None = None
    below: float | None = None

    @property
    def verdict(self) -> Verdict:
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


def percentile(values: Sequence[float], percent: float) -> float:
    """Of values in any order. Raises ``ValueError`` when there are none: nothing measured is no result."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
