"""NotifyDERStartStop: a scheduled control of the grid code begins or ends (R)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Device, router


@router.on(v21.NotifyDERStartStop)
async def notify_der_start_stop(
    call: Call[ocpp2.NotifyDERStartStopRequest], device: Device
) -> ocpp2.NotifyDERStartStopResponse:
    await device.note(call)
    return ocpp2.NotifyDERStartStopResponse()
