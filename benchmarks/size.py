"""How much the benchmark does. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    stations: int = 1_000
    warm_up: float = 5
    measured: float = 20
    open_rate: int = 2_500
    open_measured: float = 20
    boots: int = 3_000
    stored: int = 1_000_000
    rounds: int = 3
    """How often the empty and the filled CSMS take turns."""
    round_measured: float = 10
    many: int = 10_000
    """Stations that are idle, and stations that reconnect."""
    messages: int = 20_000
    row_limit: float = 150
    """No row takes longer than this."""


FULL = Size()
QUICK = Size(
    stations=40,
    warm_up=0.5,
    measured=2,
    open_rate=300,
    open_measured=2,
    boots=100,
    stored=20_000,
    rounds=1,
    round_measured=1,
    many=200,
    messages=1_000,
    row_limit=60,
)
