"""Requests that fit the description of the APIs, or nearly, sent as every role: none may do more than its
scopes say, and none may make a service fail.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings

from libs.csms.access.routes import TELLS_GROUPS_APART
from libs.csms.access.scopes import ROLES, Role, Scope, with_implied
from libs.csms.messaging.provision import provision
from libs.csms.storage.sqlite.store import SqliteStore
from services.device.app import router
from services.device.registry.model import Station
from tests.security.apis import SERVICE_NAMES, Apis, apis_on, declared

OWN, OTHERS = "N1", "S1"
"""Stations of the group of the bound caller, and of another group."""


@dataclass(frozen=True)
class Sender:
    name: str
    key: str
    scopes: frozenset[Scope]
    is_bound: bool


@dataclass
class RoleOutcome:
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


async def fuzz_roles(folder: Path, examples: int, text: str) -> RoleOutcome:
    """So many requests for each path, each sent as every role and by a key that is bound to a group."""
    store = SqliteStore(folder / "csms.db")
    try:
        apis, outcome = apis_on(store, folder / "keys"), RoleOutcome()
        await provision(apis.bus, router.subscriptions)
        senders = await _senders(apis)
        for service in SERVICE_NAMES:
            for number, case in enumerate(_cases(apis.apps[service], examples, text)):
                await _send(apis, service, case, (None, OWN, OTHERS)[number % 3], senders, outcome)
        return outcome
    finally:
        await store.close()


async def _senders(apis: Apis) -> list[Sender]:
    senders = []
    for name, role, groups in [*((role, role, None) for role in Role), ("bound", Role.ADMIN, ["north"])]:
        key = (await apis.keys.create(name, "fuzz", role, groups=groups)).text
        senders.append(Sender(name, key, with_implied(ROLES[role]), groups is not None))
    return senders


def _cases(app: FastAPI, examples: int, text: str) -> Iterator[schemathesis.Case]:
    schema = schemathesis.openapi.from_dict(app.openapi())
    for result in schema.get_all_operations():
        yield from _cases_of(result.ok(), examples, text)


def _cases_of(operation: schemathesis.APIOperation, examples: int, text: str) -> list[schemathesis.Case]:
    found: list[schemathesis.Case] = []

    @seed(Random(text).getrandbits(32))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def collect(case: schemathesis.Case) -> None:
        found.append(case)

    collect()
    return found[:examples]


async def _send(
    apis: Apis,
    service: str,
    case: schemathesis.Case,
    station: str | None,
    senders: list[Sender],
    outcome: RoleOutcome,
) -> None:
    operation: dict[str, Any] = case.operation.definition.raw
    is_of_station = case.path.startswith("/chargingstations/") and "{id}" in case.path
    if is_of_station and station is not None:
        case.path_parameters = {**(case.path_parameters or {}), "id": station}
    stations = apis.device.registry.stations
    for sender in senders:
        for id, group in ((OWN, "north"), (OTHERS, "south")):  # a request before may have deleted it
            await stations.put(id, Station(id=id, group=group))
        answer = await _answer(apis, service, case, sender)
        outcome.counts[f"{sender.name}: HTTP {answer.status_code}"] += 1
        is_others = sender.is_bound and is_of_station and station == OTHERS
        is_refused_path = sender.is_bound and not (
            is_of_station or TELLS_GROUPS_APART.items() <= operation.items()
        )
        must_fail = is_others or is_refused_path or not declared(operation) <= sender.scopes
        if answer.status_code >= 500 or (must_fail and answer.status_code < 400):
            request = f"{sender.name}: {case.method} {answer.request.url}"
            outcome.failures.append(f"{request}: {answer.status_code} {answer.text[:300]}")


async def _answer(apis: Apis, service: str, case: schemathesis.Case, sender: Sender) -> httpx.Response:
    sent = case.as_transport_kwargs(base_url="http://localhost")
    headers = {name: value for name, value in sent["headers"].items() if name.lower() != "authorization"}
    async with apis.client(service) as http, asyncio.timeout(30):
        return await http.request(
            sent["method"],
            sent["url"],
            params={**(sent.get("params") or {}), "wait": 0},
            headers={**headers, "Authorization": f"Bearer {sender.key}"},
            json=sent.get("json"),
        )
