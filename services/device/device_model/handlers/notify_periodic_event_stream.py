"""NotifyPeriodicEventStream: values of an open stream; the message has no response (N)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import DeviceModel, router


@router.on(v21.NotifyPeriodicEventStream)
async def notify_periodic_event_stream(
    call: Call[ocpp2.NotifyPeriodicEventStreamRequest], device_model: DeviceModel
) -> None:
    await device_model.messages.append(call)
