"""SignedFirmwareStatusNotification: how far a station of 1.6 is with signed firmware (L01 in 2.0.1)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..model import Step
from ..service import Jobs, router


@router.on(v16.SignedFirmwareStatusNotification)
async def signed_firmware_status_notification(
    call: Call[ocpp16.SignedFirmwareStatusNotificationRequest], jobs: Jobs
) -> ocpp16.SignedFirmwareStatusNotificationResponse:
    await jobs.messages.append(call)
    step = Step(status=call.request.status, at=call.received_at)
    await jobs.progress(call.station_id, "firmware", call.request.request_id, step)
    return ocpp16.SignedFirmwareStatusNotificationResponse()
