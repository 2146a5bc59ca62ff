"""Which packages of the user service may know which: there is no ring."""

from __future__ import annotations

import ast
from pathlib import Path

import services.user

ROOT = Path(services.user.__path__[0])
MAY_KNOW: dict[str, set[str]] = {
    "people": set(),
    "audit": set(),
    "tokens": set(),
    "reservations": {"tokens"},
    "local_list": {"tokens"},
}


def known(package: str) -> set[str]:
    """The other packages that a module of this one imports from."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        depth = len(path.relative_to(ROOT).parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == depth:
                found.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("services."):
                found.add(node.module or "")
    return found


def test_the_packages_make_no_ring() -> None:
    assert {package for package in MAY_KNOW if known(package) - MAY_KNOW[package]} == set()
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(MAY_KNOW)
