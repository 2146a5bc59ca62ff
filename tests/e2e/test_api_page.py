"""docs/api.md names every path of the REST APIs, and no other."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from .system import System

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()

COMMAND, OPERATION = "/chargingstations/{id}/commands/", "/chargingstations/{id}/remote/"


async def test_the_page_names_every_path_and_operation(embedded_csms: System) -> None:
    paths: defaultdict[str, set[str]] = defaultdict(set)
    operations = set()
    urls = embedded_csms.device, embedded_csms.transaction, embedded_csms.user, embedded_csms.console
    for service in urls:
        for path, methods in (await embedded_csms.get(f"{service}/openapi.json"))["paths"].items():
            if path.startswith(OPERATION):
                operations.add(path.removeprefix(OPERATION))
                path = OPERATION + "{operation}"
            if path.startswith(COMMAND):
                path = COMMAND + "{Action}"
            paths[path] |= {method.upper() for method in methods}

    named = re.findall(r"^\| `(/[^`]+)` \| ([A-Z ]+) \|", PAGE, re.MULTILINE)
    assert {path: set(methods.split()) for path, methods in named} == paths
    assert set(re.findall(r"^\| `([a-z]+(?:-[a-z]+)+|reset)` \|", PAGE, re.MULTILINE)) == operations
