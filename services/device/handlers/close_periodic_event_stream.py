"""ClosePeriodicEventStream: a station sends no more values of a monitor (N11)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..event_stream import EventStream
from ..service import Device, router


@router.on(v21.ClosePeriodicEventStream)
async def close_periodic_event_stream(
    call: Call[ocpp2.ClosePeriodicEventStreamRequest], device: Device
) -> ocpp2.ClosePeriodicEventStreamResponse:
    await device.note(call)
    stream = EventStream.closed(call.station_id, call.request.id, call.received_at)
    await device.reported.keep(device.reported.event_streams, [stream])
    return ocpp2.ClosePeriodicEventStreamResponse()
