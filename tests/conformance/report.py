"""A pytest plugin that writes the table of test cases, tests and verdicts: ``make conformance``."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "conformance.md"

INTRODUCTION = """\
# Conformance

The test cases of the Open Charge Alliance that have a CSMS as the system under test, by their numbers, each
driven over a real WebSocket and the REST APIs against `csms up`. The tests are ours, written from what the
specification asks in the use case that a number stands for; they are no certificate. `make conformance` runs
them and writes this page.

"""


@dataclass(frozen=True)
class Case:
    version: str
    block: str
    id: str
    title: str


def cases() -> list[Case]:
    lines = (HERE / "cases.tsv").read_text().splitlines()
    return [Case(*line.split("\t")) for line in lines]


def absent() -> dict[str, str]:
    """Why a case has no test, by the number of the case."""
    reasons = tomllib.loads((HERE / "absent.toml").read_text())
    return {id: one["reason"] for one in reasons.get("absent", []) for id in one["cases"]}


def with_test() -> dict[str, str]:
    """The test of each case that has one, as its path from here and its name."""
    found = {}
    for path in sorted(HERE.glob("v*/test_*.py")):
        marked = re.findall(
            r"@case\(([^)]*)\)\n.*?^async def (\w+)", path.read_text(), re.DOTALL | re.MULTILINE
        )
        for ids, name in marked:
            found |= {id: f"{path.relative_to(HERE)}::{name}" for id in re.findall(r'"(TC_\w+)"', ids)}
    return found


def table(verdicts: dict[str, str]) -> str:
    """In Markdown. A case that did not run has the verdict that it is given in ``absent.toml``."""
    tests, reasons, parts = with_test(), absent(), [INTRODUCTION, _summary(verdicts)]
    for (version, block), group in groupby(cases(), lambda one: (one.version, one.block)):
        parts.append(
            f"\n## OCPP {version}: {block}\n\n| case | title | test | verdict |\n|---|---|---|---|\n"
        )
        for one in group:
            test = f"`{tests[one.id]}`" if one.id in tests else ""
            verdict = verdicts.get(one.id) or f"not tested: {reasons.get(one.id, 'no reason given')}"
            parts.append(f"| {one.id} | {one.title} | {test} | {verdict} |\n")
    return "".join(parts)


def _summary(verdicts: dict[str, str]) -> str:
    lines = ["| OCPP | cases | pass | fail | not tested |\n|---|---|---|---|---|\n"]
    for version, group in groupby(cases(), lambda one: one.version):
        found = [verdicts.get(one.id) for one in group]
        passed, failed, not_tested = (found.count(each) for each in ("pass", "fail", None))
        lines.append(f"| {version} | {len(found)} | {passed} | {failed} | {not_tested} |\n")
    return "".join(lines)


class _Verdicts:
    def __init__(self) -> None:
        self._outcomes: defaultdict[str, list[str]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            for name, id in report.user_properties:
                if name == "case":
                    self._outcomes[str(id)].append(report.outcome)

    def pytest_sessionfinish(self) -> None:
        verdicts = {
            id: "pass" if set(outcomes) == {"passed"} else "fail" for id, outcomes in self._outcomes.items()
        }
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table(verdicts))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Verdicts())
