from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.station import Station, booted_station
from tests.e2e.system import System

from ..operator import Operator
from .charging import Charging, eventually


@pytest.fixture
async def station(csms: System, cs: str) -> AsyncIterator[Station]:
    """A registered station of OCPP 1.6 that has booted."""
    async with booted_station(csms.gateways[0], cs, "1.6") as booted:
        await eventually(lambda: csms.status(cs), lambda status: status["connected"])
        yield booted


@pytest.fixture
def session(operator: Operator, tag: str) -> Charging:
    """At connector 1, by a token that may charge."""
    return Charging(operator, tag)
