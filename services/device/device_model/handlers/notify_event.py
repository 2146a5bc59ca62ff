"""NotifyEvent: a station reports events, of monitors or of its own (N07, N08)."""

from __future__ import annotations

from functools import partial
from typing import get_args

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ...connectivity.model import Connector
from ...connectivity.service import MAX_NUMBER
from ..monitor import MonitoredEvent
from ..service import DeviceModel, router

Request = ocpp2.NotifyEventRequest

NUMBERS = range(1, MAX_NUMBER + 1)
"""Of EVSEs and connectors."""


@router.on(v201.NotifyEvent, v21.NotifyEvent)
async def notify_event(call: Call[Request], device_model: DeviceModel) -> ocpp2.NotifyEventResponse:
    """A station of 2.1 may report the state of a connector here instead of by StatusNotification (G01)."""
    await device_model.messages.connectivity.touch(call)
    events = [MonitoredEvent.of(call.station_id, one, call.received_at) for one in call.request.event_data]
    merge = partial(device_model.merge, device_model.events, events)
    await device_model.messages.log.store(call, len(call.message.data), merge)
    for event in sorted(events, key=lambda one: one.timestamp):
        if (report := _availability(event)) is not None:
            await device_model.messages.connectivity.report(report)
    return ocpp2.NotifyEventResponse()


def _availability(event: MonitoredEvent) -> Connector | None:
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
        reported_at=event.received_at,
    )
