"""NotifyEvent: monitors of a station have raised events, or it tells of events by itself (N07, N08)."""

from __future__ import annotations

from typing import get_args

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..connection import Connector
from ..monitor import Event
from ..service import Device, router

Request = ocpp2.NotifyEventRequest

NUMBERS = range(1, 1_001)
"""Of EVSEs and connectors; without a limit one station could fill the store."""


@router.on(v201.NotifyEvent, v21.NotifyEvent)
async def notify_event(call: Call[Request], device: Device) -> ocpp2.NotifyEventResponse:
    """The state of a connector may come so, instead of by StatusNotification (G01 in 2.1)."""
    await device.seen(call)
    events = [Event.of(call.station_id, one, call.received_at) for one in call.request.event_data]
    await device.reported.keep(device.reported.events, events)
    for event in sorted(events, key=lambda one: one.timestamp):
        if (report := _availability(event)) is not None:
            await device.report(report)
    return ocpp2.NotifyEventResponse()


def _availability(event: Event) -> Connector | None:
    names = event.component.name.casefold(), event.variable.name.casefold()
    evse = event.component.evse
    if names != ("connector", "availabilitystate") or evse is None or evse.connector_id is None:
        return None
    known = evse.id in NUMBERS and evse.connector_id in NUMBERS
    if not known or event.actual_value not in get_args(ocpp2.ConnectorStatusEnumType):
        return None
    return Connector(
        station_id=event.station_id,
        evse_id=evse.id,
        connector_id=evse.connector_id,
        status=event.actual_value,
        reported_status=event.actual_value,
        reported_at=event.received_at,
    )
