"""Block G: what a station of OCPP 2.1 tells of its connectors."""

from __future__ import annotations

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..v201.boots import shown_status
from ..v201.events import report_status


@case("TC_G_01_CSMS")
@pytest.mark.parametrize("status", ["Available", "Occupied", "Reserved", "Unavailable", "Faulted"])
async def test_each_status_of_a_connector_is_acknowledged_and_known(
    csms: System, station: Station, status: str
) -> None:
    other = "Occupied" if status == "Available" else "Available"
    for evse_id, reported in ((1, other), (2, other), (1, status)):
        await report_status(station, reported, evse_id)

    assert await shown_status(csms, station.id, 1) == status
    assert await shown_status(csms, station.id, 2) == other
