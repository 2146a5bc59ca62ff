"""PublishFirmwareStatusNotification: how far a local controller is with offering firmware (L03)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.csms.secrets import masked
from libs.ocpp_messages import ocpp2, v21, v201

from ..model import Step
from ..service import Jobs, router


@router.on(v201.PublishFirmwareStatusNotification, v21.PublishFirmwareStatusNotification)
async def publish_firmware_status_notification(
    call: Call[ocpp2.PublishFirmwareStatusNotificationRequest], jobs: Jobs
) -> ocpp2.PublishFirmwareStatusNotificationResponse:
    await jobs.messages.append(call)
    request = call.request
    step = Step.of(request.status, call.received_at, request.status_info)
    location = masked(request.location)
    await jobs.progress(call.station_id, "publish-firmware", request.request_id, step, location)
    return ocpp2.PublishFirmwareStatusNotificationResponse()
