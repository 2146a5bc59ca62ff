"""FirmwareStatusNotification: how far a station is with an update of its firmware (L01 to L03)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..model import Step
from ..service import Jobs, router


@router.on(v16.FirmwareStatusNotification)
async def firmware_status_notification_v16(
    call: Call[ocpp16.FirmwareStatusNotificationRequest], jobs: Jobs
) -> ocpp16.FirmwareStatusNotificationResponse:
    await jobs.messages.append(call)
    step = Step(status=call.request.status, at=call.received_at)
    await jobs.progress(call.station_id, "firmware", None, step)
    return ocpp16.FirmwareStatusNotificationResponse()


@router.on(v201.FirmwareStatusNotification, v21.FirmwareStatusNotification)
async def firmware_status_notification_v2(
    call: Call[ocpp2.FirmwareStatusNotificationRequest], jobs: Jobs
) -> ocpp2.FirmwareStatusNotificationResponse:
    await jobs.messages.append(call)
    request = call.request
    step = Step.of(request.status, call.received_at, request.status_info)
    await jobs.progress(call.station_id, "firmware", request.request_id, step)
    return ocpp2.FirmwareStatusNotificationResponse()
