from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.station import Station, booted_station
from tests.e2e.system import System


@pytest.fixture
async def station(csms: System, cs: str) -> AsyncIterator[Station]:
    """A registered station of OCPP 2.0.1 that has booted."""
    async with booted_station(csms.gateways[0], cs, "2.0.1") as booted:
        yield booted
