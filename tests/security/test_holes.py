"""Each hole that was found has a test that would find it again: the page on security names them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOLES = 16


def test_every_hole_has_a_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text().partition("### Holes that were found")[2]
    rows = [line for line in page.splitlines() if "`tests/" in line]
    named = [re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row) for row in rows]

    assert len(rows) == HOLES
    assert [name for names in named for name in names if not is_test(*name)] == []


def is_test(path: str, name: str) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    module = ast.parse((ROOT / path).read_text())
    return any(isinstance(node, functions) and node.name == name for node in module.body)
