"""``python -m benchmarks``: measures a CSMS that it starts itself, alone or against another checkout's."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from .csms import THIS_CHECKOUT, Checkout
from .results import LEAST_RATIO, Results, write
from .rows import AGAINST, FULL, QUICK, ROWS
from .run import run, run_against

ROWS_OF_A_CHECKOUT = [row for row in ROWS if row not in ("generator", "h")]


def main(
    rows: Annotated[str, typer.Option(help=f"Some of {','.join(ROWS)}.")] = ",".join(ROWS),
    quick: Annotated[
        bool, typer.Option("--quick", help="Small, short, without budgets: shows that it runs.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(help="Another checkout: each row runs of both in turns.", exists=True, file_okay=False),
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="How often, with --against.")] = 3,
    results: Annotated[Path, typer.Option(help="Where the JSON file goes.")] = Path("bench-results"),
) -> None:
    """A missed budget is reported and is no failure; a row that cannot be measured is one."""
    chosen = [row.strip() for row in rows.split(",")]
    if unknown := [row for row in chosen if row not in ROWS]:
        raise typer.BadParameter(f"no such row: {', '.join(unknown)}")
    logging.basicConfig(level=logging.WARNING)
    console, at = Console(), datetime.now(UTC)
    size = QUICK if quick else AGAINST if against else FULL
    about: dict[str, object] = {"commit": THIS_CHECKOUT.commit(), "size": asdict(size)}

    def report(what: str) -> None:
        console.print(f"measuring {what} …", highlight=False, soft_wrap=True)

    if against:
        other = Checkout.at(against)
        about |= {"against": other.commit(), "pairs": pairs}
        chosen = [row for row in chosen if row in ROWS_OF_A_CHECKOUT]
        found = uvloop.run(run_against(other, pairs, chosen, size, report))
    else:
        found = uvloop.run(run(chosen, size, report))
    if quick:
        found = found.without_budgets()
    console.print(_comparisons(found) if against else figures_table("Benchmark", found))
    console.print(f"written to {write(found, about, at, results)}", highlight=False, soft_wrap=True)
    sys.exit(1 if found.failures else 0)


def figures_table(title: str, results: Results) -> Table:
    table = _table(title, "measured", "budget", "")
    for figure in results.figures:
        style = "bold red" if figure.verdict == "MISSED" else ""
        value = f"{figure.value:,.2f} {figure.unit}".strip()
        table.add_row(figure.row, figure.what, value, figure.budget, figure.verdict, style=style)
    _add_failures(table, results)
    return table


def _comparisons(results: Results) -> Table:
    """The ratio is above 1 where this checkout is better: more calls, or less time or memory."""
    table = _table("This checkout against the other", "this", "other", "ratio (of the pairs)", "")
    for each in results.comparisons:
        verdict = "LOWER" if each.ratio < LEAST_RATIO else ""
        table.add_row(
            each.row,
            each.what,
            f"{each.median_this:,.2f} {each.unit}",
            f"{each.median_other:,.2f} {each.unit}",
            f"{each.ratio:.3f} ({each.ratios[0]:.2f} … {each.ratios[-1]:.2f})",
            verdict,
            style="bold red" if verdict else "",
        )
    _add_failures(table, results)
    return table


def _table(title: str, *numbers: str) -> Table:
    table = Table(title=title)
    table.add_column("row")
    table.add_column("what")
    for number in numbers:
        table.add_column(number, justify="right")
    return table


def _add_failures(table: Table, results: Results) -> None:
    for row, reason in results.failures.items():
        empty = [""] * (len(table.columns) - 3)
        table.add_row(row, f"not measured: {reason[:200]}", *empty, "FAILED", style="bold red")


if __name__ == "__main__":
    typer.run(main)
