"""OpenPeriodicEventStream: a station will keep sending the values of a monitor (N11)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..event_stream import EventStream
from ..service import DeviceModel, router


@router.on(v21.OpenPeriodicEventStream)
async def open_periodic_event_stream(
    call: Call[ocpp2.OpenPeriodicEventStreamRequest], device_model: DeviceModel
) -> ocpp2.OpenPeriodicEventStreamResponse:
    if await device_model.messages.append(call):
        stream = EventStream.opened(call.station_id, call.request.constant_stream_data, call.received_at)
        await device_model.merge(device_model.event_streams, [stream])
    return ocpp2.OpenPeriodicEventStreamResponse(status="Accepted")
