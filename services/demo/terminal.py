"""What the terminal shows of a demo: how far the past is told, then what was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .history import Told
from .run import Shown

TELLING = "telling the past"
PER_CENT = "{task.percentage:.0f} %"


@contextmanager
def shown(console: Console, started: Callable[[], None]) -> Iterator[Shown]:
    """A bar until the past is told, or the block ends. On no terminal, it is not drawn."""
    columns = TextColumn(TELLING), BarColumn(), TextColumn(PER_CENT), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(TELLING, total=1.0)

        def told(past: Told) -> None:
            bar.stop()
            console.print(
                f"Told {past.sessions:,} sessions of {past.energy_wh / 1e6:,.1f} MWh"
                f" in {past.messages:,} messages of stations.",
                highlight=False,
            )

        def start() -> None:
            bar.stop()
            started()

        yield Shown(lambda share: bar.update(task, completed=share), told, start)
