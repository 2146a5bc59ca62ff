from __future__ import annotations

from io import StringIO

from rich.console import Console

from services.simulator.statistics import EndedTransaction, Progress, Summary, percentile
from services.simulator.terminal import print_summary, shown

PROGRESS = Progress(stations=3, connected=2, charging=1, sessions=4, energy_wh=1234, messages=50, errors=0)


def test_away_from_a_terminal_progress_is_plain_lines() -> None:
    out = StringIO()
    with shown(Console(file=out, width=120)) as report:
        report(PROGRESS)
        report(PROGRESS)

    assert out.getvalue() == "2/3 connected, 1 charging, 4 sessions, 1.234 kWh, 50 calls, 0 errors\n"


def test_on_a_terminal_one_line_moves() -> None:
    out = StringIO()
    with shown(Console(file=out, width=120, force_terminal=True)) as report:
        report(PROGRESS)

    assert "1.234 kWh" in out.getvalue()


def test_the_summary_shows_energy_and_errors() -> None:
    out = StringIO()
    summary = Summary(
        stations=1,
        transactions=[EndedTransaction("SIM00000", "1", 1500), EndedTransaction("SIM00000", "2", 500)],
        refused_sessions=0,
        messages=10,
        commands=0,
        reconnects=0,
        p50=0.002,
        p99=0.02,
        lost_messages=0,
        unreachable_stations=0,
        errors={"no answer": 3},
    )

    print_summary(Console(file=out, width=120), summary)

    assert "2.000 kWh" in out.getvalue()
    assert "2.0 ms / 20.0 ms" in out.getvalue()
    assert "error: no answer" in out.getvalue()


def test_percentiles() -> None:
    assert percentile([], 50) == 0
    assert percentile([1, 2, 3, 4], 50) == 3
    assert percentile([1], 99) == 1
