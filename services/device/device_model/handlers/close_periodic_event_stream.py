"""ClosePeriodicEventStream: a station stops sending the values of a monitor (N11)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..event_stream import EventStream
from ..service import DeviceModel, router


@router.on(v21.ClosePeriodicEventStream)
async def close_periodic_event_stream(
    call: Call[ocpp2.ClosePeriodicEventStreamRequest], device_model: DeviceModel
) -> ocpp2.ClosePeriodicEventStreamResponse:
    await device_model.messages.append(call)
    stream = EventStream.closed(call.station_id, call.request.id, call.received_at)
    await device_model.merge(device_model.event_streams, [stream])
    return ocpp2.ClosePeriodicEventStreamResponse()
