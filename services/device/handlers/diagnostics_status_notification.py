"""DiagnosticsStatusNotification: how far a station of 1.6 is with the upload of its diagnostics."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..job import Step
from ..service import Device, router


@router.on(v16.DiagnosticsStatusNotification)
async def diagnostics_status_notification(
    call: Call[ocpp16.DiagnosticsStatusNotificationRequest], device: Device
) -> ocpp16.DiagnosticsStatusNotificationResponse:
    await device.note(call)
    step = Step(status=call.request.status, at=call.received_at)
    await device.reported.progress(call.station_id, "diagnostics", None, step)
    return ocpp16.DiagnosticsStatusNotificationResponse()
