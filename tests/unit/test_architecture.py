"""Who may import what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

ONLY_FROM = {
    "google": ["libs/csms/messaging/pubsub", "libs/csms/storage/firestore"],
    "ocpp": ["libs/ocpp_messages"],
    "services.device": ["services/device", "services/processes.py", "deploy"],
    "services.transaction": ["services/transaction", "services/processes.py", "deploy", "benchmarks"],
    "services.user": ["services/user", "services/processes.py", "deploy"],
    "services.websocket_gateway": [
        "services/websocket_gateway",
        "services/processes.py",
        "services/reference.py",
    ],
    "services.simulator": ["services/simulator", "services/cli.py"],
    "services": ["services", "deploy", "benchmarks"],
    "libs.csms": ["libs/csms", "services", "deploy", "benchmarks"],
}


def imports(path: Path) -> Iterator[str]:
    package = list(path.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: -node.level] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_every_import_respects_the_dependency_rule() -> None:
    violations = [
        f"{path.relative_to(ROOT)} imports {name}"
        for folder in ("libs", "services", "benchmarks", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        for name in imports(path)
        for target, homes in ONLY_FROM.items()
        if (name == target or name.startswith(f"{target}."))
        and not any(str(path.relative_to(ROOT)).startswith(home) for home in homes)
    ]

    assert violations == []
