"""DiagnosticsStatusNotification: how far a station of 1.6 is with the upload of its diagnostics."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..model import Step
from ..service import Jobs, router


@router.on(v16.DiagnosticsStatusNotification)
async def diagnostics_status_notification(
    call: Call[ocpp16.DiagnosticsStatusNotificationRequest], jobs: Jobs
) -> ocpp16.DiagnosticsStatusNotificationResponse:
    await jobs.messages.append(call)
    step = Step(status=call.request.status, at=call.received_at)
    await jobs.progress(call.station_id, "diagnostics", None, step)
    return ocpp16.DiagnosticsStatusNotificationResponse()
