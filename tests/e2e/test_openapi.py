"""Whatever is asked of the APIs, they answer as they declare, and never with a 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .system import System, embedded_system

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """For nobody else: who may ask for anything also changes how all stations are treated."""
    async with embedded_system(tmp_path_factory.mktemp("anything")) as started:
        yield started


@pytest.mark.parametrize("service", ["device", "transaction", "user"])
async def test_an_api_answers_anything_as_it_declares(system: System, service: str) -> None:
    await asyncio.to_thread(ask_anything, getattr(system, service))


def ask_anything(url: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert operations
    for operation in operations:

        @settings(
            max_examples=5,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=CHECKS)

        answers()
