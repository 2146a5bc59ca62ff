"""Shows a simulation: one line that changes on a terminal, plain lines elsewhere, a table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .statistics import Progress, Summary

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Progress], None]]:
    """What ``simulate`` reports its progress to."""
    if not console.is_terminal:
        yield _plain_lines(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda progress: live.update(Text(_line(progress)))


def print_summary(console: Console, summary: Summary) -> None:
    table = Table(title="Simulation", show_header=False)
    rows = {
        "stations": f"{summary.stations}",
        "sessions": f"{summary.sessions}",
        "energy": f"{summary.energy_wh / 1000:.3f} kWh",
        "calls answered": f"{summary.messages}",
        "answer p50 / p99": f"{summary.p50 * 1000:.1f} ms / {summary.p99 * 1000:.1f} ms",
        "commands received": f"{summary.commands}",
        "reconnects": f"{summary.reconnects}",
        "sessions refused": f"{summary.refused_sessions}",
        "transaction messages lost": f"{summary.lost_messages}",
        "stations never connected": f"{summary.unreachable_stations}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    for error, count in sorted(summary.errors.items()):
        table.add_row(f"error: {error}", f"{count}")
    console.print(table)


def _plain_lines(console: Console) -> Callable[[Progress], None]:
    printed_at, printed = float("-inf"), None

    def report(progress: Progress) -> None:
        nonlocal printed_at, printed
        if time.monotonic() - printed_at >= SECONDS_BETWEEN_LINES and progress != printed:
            printed_at, printed = time.monotonic(), progress
            console.print(_line(progress), highlight=False)

    return report


def _line(progress: Progress) -> str:
    return (
        f"{progress.connected}/{progress.stations} connected, {progress.charging} charging, "
        f"{progress.sessions} sessions, {progress.energy_wh / 1000:.3f} kWh, "
        f"{progress.messages} calls, {progress.errors} errors"
    )
