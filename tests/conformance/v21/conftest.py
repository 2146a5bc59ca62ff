from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.station import Station, booted_station
from tests.e2e.system import System

from ..v201.events import Charging


@pytest.fixture
async def station(csms: System, cs: str) -> AsyncIterator[Station]:
    """A registered station of OCPP 2.1 that has booted."""
    async with booted_station(csms.gateways[0], cs, "2.1") as booted:
        yield booted


@pytest.fixture
async def charging(station: Station, tag: str) -> Charging:
    """A transaction, in which energy flows."""
    begun = Charging(station, tag)
    await begun.begin()
    return begun
