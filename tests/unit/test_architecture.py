"""Who may import what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ONLY_FROM = {
    "google": [
        "libs/csms/access/google_id_tokens",
        "libs/csms/messaging/pubsub",
        "libs/csms/storage/firestore",
    ],
    "joserfc": ["libs/csms/access/signing_keys"],
    "ocpp": ["libs/ocpp_messages"],
    "services.device": ["services/device", "services/processes.py", "deploy"],
    "services.transaction": ["services/transaction", "services/processes.py", "deploy", "benchmarks"],
    "services.user": ["services/user", "services/processes.py", "deploy"],
    "services.websocket_gateway": [
        "services/websocket_gateway",
        "services/processes.py",
        "services/reference.py",
    ],
    "services.console": ["services/console", "services/processes.py"],
    "services.simulator": ["services/simulator", "services/demo", "services/cli.py"],
    "services.demo": ["services/demo", "services/cli.py"],
    "services": ["services", "deploy", "benchmarks"],
    "libs.csms": ["libs/csms", "services", "deploy", "benchmarks"],
}


ASKS = {
    "admission": ("websocket_gateway", "device"),
    "authorization": ("transaction", "user"),
    "groups": ("transaction", "user"),
    "stations": ("user", "device"),
}
"""Who asks whom over HTTP with each module of libs/csms/clients. Both know the types in it."""

PACKAGES = {
    "device": [
        "connectivity",
        "registry",
        "messages",
        "deviations",
        "station_profiles",
        "security",
        "device_model",
        "jobs",
        "commands",
        "operations",
        "onboarding",
        "smart_charging",
    ],
    "user": ["people", "audit", "tokens", "reservations", "local_list"],
}
"""The packages of a service. Each may import those before it, and nothing of the service's own modules."""


@cache
def imports(path: Path) -> list[str]:
    return list(_imports(path))


def _imports(path: Path) -> Iterator[str]:
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


def test_services_ask_one_another_over_http_without_a_ring() -> None:
    for client, services in ASKS.items():
        homes = {*(f"services/{name}" for name in services), "services/processes.py", "libs/csms/clients"}
        for path in (*(ROOT / "services").rglob("*.py"), *(ROOT / "libs").rglob("*.py")):
            if any(name.startswith(f"libs.csms.clients.{client}.") for name in imports(path)):
                home = str(path.relative_to(ROOT))
                assert any(home.startswith(one) for one in homes), f"{home} imports {client}"

    clients = {path.stem for path in (ROOT / "libs/csms/clients").glob("[a-z]*.py")}
    assert clients == set(ASKS)
    TopologicalSorter({asking: {asked} for asking, asked in ASKS.values()}).prepare()


@pytest.mark.parametrize("service", PACKAGES)
def test_a_package_of_a_service_imports_only_those_before_it(service: str) -> None:
    packages = PACKAGES[service]
    assert {path.parent.name for path in (ROOT / "services" / service).glob("*/__init__.py")} == set(packages)

    for number, package in enumerate(packages):
        allowed = {f"services.{service}.{one}" for one in packages[: number + 1]}
        for path in (ROOT / "services" / service / package).rglob("*.py"):
            for name in imports(path):
                if name.startswith(f"services.{service}."):
                    assert ".".join(name.split(".")[:3]) in allowed, f"{path.relative_to(ROOT)}: {name}"
