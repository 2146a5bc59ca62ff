"""A pytest plugin that writes the table of test cases, tests and verdicts: ``make conformance``."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "conformance.md"

INTRODUCTION = """\
# Conformance

The test cases of the Open Charge Alliance that have a CSMS as the system under test, by their numbers, each
driven over a real WebSocket and the REST APIs against `csms up`. The tests are ours, written from what the
specification asks in the use case that a number stands for. They are no certificate. `make conformance` runs
them and writes this page.

The column "kind" says how much of the CSMS a passed case has shown:

- **pass-through**: the operator has commands sent, the station receives exactly their payloads, and the
  operator receives exactly what the station answers. The CSMS validates, delivers and keeps the commands.
- **behaviour**: everything else. The CSMS decides, remembers or reports something, or messages of the station
  are part of the case.

The kind follows from the code of the test: a test that awaits nothing but commands and their list is a
pass-through.

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


@cache
def kinds() -> dict[str, str]:
    """Of each case that has a test: ``pass-through`` or ``behaviour``."""
    found, functions = {}, _functions()
    for id, test in with_test().items():
        key = test.split("/")[0], test.split("::")[1]
        found[id] = "pass-through" if _only_sends_commands(key, functions) else "behaviour"
    return found


Key = tuple[str, str]
"""The folder of a version, and a function in it."""


def _functions() -> dict[Key, list[ast.AsyncFunctionDef]]:
    functions = defaultdict(list)
    for path in sorted(HERE.glob("v*/*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AsyncFunctionDef):
                functions[path.parent.name, node.name].append(node)
    return functions


def _only_sends_commands(key: Key, functions: dict[Key, list[ast.AsyncFunctionDef]]) -> bool:
    """Whether a function awaits nothing but commands of the operator, their list, and functions like it."""
    folder, name = key

    def is_command(call: ast.expr) -> bool:
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="operator") | ast.Attribute(attr="operator"))):
                return _COMMAND.search(ast.unparse(call)) is not None
            case ast.Call(func=ast.Name(id=helper)):
                return _only_sends_commands((folder, helper), functions)
        return False

    found = functions.get(key) or [
        one for (_, other), each in functions.items() if other == name for one in each
    ]
    nodes = [node for function in found for node in ast.walk(function)]
    awaited = [node.value for node in nodes if isinstance(node, ast.Await)]
    if not awaited or any(isinstance(node, ast.AsyncWith | ast.AsyncFor) for node in nodes):
        return False
    return all(map(is_command, awaited))


_COMMAND = re.compile(r"operator\.(tell\(|listed\(f?['\"]commands\b)")


def table(verdicts: dict[str, str]) -> str:
    """In Markdown. A case that did not run has the verdict that it is given in ``absent.toml``."""
    tests, kind, reasons, parts = with_test(), kinds(), absent(), [INTRODUCTION, _summary(verdicts)]
    for (version, block), group in groupby(cases(), lambda one: (one.version, one.block)):
        parts.append(
            f"\n## OCPP {version}: {block}\n\n"
            "| case | title | test | kind | verdict |\n|---|---|---|---|---|\n"
        )
        for one in group:
            test = f"`{tests[one.id]}`" if one.id in tests else ""
            verdict = verdicts.get(one.id) or f"not tested: {reasons.get(one.id, 'no reason given')}"
            parts.append(f"| {one.id} | {one.title} | {test} | {kind.get(one.id, '')} | {verdict} |\n")
    return "".join(parts)


def _summary(verdicts: dict[str, str]) -> str:
    lines = [
        "| OCPP | cases | pass | of these pass-through | fail | not tested |\n|---|---|---|---|---|---|\n"
    ]
    kind = kinds()
    for version, group in groupby(cases(), lambda one: one.version):
        found = {one.id: verdicts.get(one.id) for one in group}
        passed, failed, not_tested = (list(found.values()).count(each) for each in ("pass", "fail", None))
        through = sum(found[id] == "pass" and kind.get(id) == "pass-through" for id in found)
        lines.append(f"| {version} | {len(found)} | {passed} | {through} | {failed} | {not_tested} |\n")
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
