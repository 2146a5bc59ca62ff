"""RegistrationStatusChanged: a connected station is asked to boot, for the answer tells it the decision."""

from __future__ import annotations

from datetime import timedelta

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import REGISTRATION_STATUS_CHANGED, RegistrationStatusChanged

from ..service import Onboardings, router


@router.on(REGISTRATION_STATUS_CHANGED)
async def registration_status_changed(
    call: Call[RegistrationStatusChanged], onboardings: Onboardings
) -> None:
    """A station that is away is asked when it connects."""
    station = await onboardings.commands.registry.get(call.station_id)
    connection = await onboardings.commands.connectivity.connection(call.station_id)
    if station is not None and station.must_boot and connection.connected:
        await onboardings.schedule(call.station_id, connection.connection_id, timedelta())
