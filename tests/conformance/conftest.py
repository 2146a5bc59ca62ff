from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System, embedded_system

from .operator import Operator


@pytest.fixture(scope="session")
async def csms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """It promises charging profiles to vehicles, which the tester's operator then sends. The tester is also
    the proxy that ends TLS. Its stations have one address, and try many wrong secrets at once.
    """
    folder = tmp_path_factory.mktemp("conformance")
    async with embedded_system(
        folder,
        CSMS_EV_CHARGING_NEEDS="processing",
        CSMS_TRUSTED_PROXIES="127.0.0.1/32",
        CSMS_FAILED_LOGINS_PER_MINUTE="1000000",
    ) as started:
        yield started


@pytest.fixture
def system(csms: System) -> System:
    return csms


@pytest.fixture
def operator(csms: System, station: Station) -> Operator:
    return Operator(csms, station)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """So that a report of a test tells which cases it is."""
    for item in items:
        for mark in item.iter_markers("case"):
            item.user_properties += [("case", id) for id in mark.args]
