"""``python -m benchmarks``: measures a CSMS that it starts itself and shows what it found."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from .run import ROWS, Results, run, write
from .size import FULL, QUICK


def main(
    rows: Annotated[str, typer.Option(help=f"Some of {','.join(ROWS)}.")] = ",".join(ROWS),
    quick: Annotated[
        bool, typer.Option("--quick", help="Small, short, without budgets: shows that it runs.")
    ] = False,
    results: Annotated[Path, typer.Option(help="Where the JSON file goes.")] = Path("bench-results"),
) -> None:
    """A missed budget is told and is no failure; a row that cannot be measured is one."""
    chosen = [row.strip() for row in rows.split(",")]
    if unknown := [row for row in chosen if row not in ROWS]:
        raise typer.BadParameter(f"no such row: {', '.join(unknown)}")
    logging.basicConfig(level=logging.WARNING)
    console, size = Console(), QUICK if quick else FULL
    at = datetime.now(UTC)
    found = uvloop.run(
        run(chosen, size, lambda row: console.print(f"measuring row {row} …", highlight=False))
    )
    if quick:
        found = found.unjudged()
    console.print(_table(found))
    console.print(f"written to {write(found, size, at, results)}", highlight=False, soft_wrap=True)
    sys.exit(1 if found.failures else 0)


def _table(results: Results) -> Table:
    table = Table(title="Benchmark")
    for title in ("row", "what"):
        table.add_column(title)
    for title in ("measured", "budget", ""):
        table.add_column(title, justify="right")
    for figure in results.figures:
        style = "bold red" if figure.verdict == "MISSED" else ""
        value = f"{figure.value:,.2f} {figure.unit}".strip()
        table.add_row(figure.row, figure.what, value, figure.budget, figure.verdict, style=style)
    for row, reason in results.failures.items():
        table.add_row(row, f"not measured: {reason[:200]}", "", "", "FAILED", style="bold red")
    return table


if __name__ == "__main__":
    typer.run(main)
