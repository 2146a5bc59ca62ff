"""LogStatusNotification: how far a station is with the upload of a log (N01)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..model import Step
from ..service import Jobs, router


@router.on(v16.LogStatusNotification)
async def log_status_notification_v16(
    call: Call[ocpp16.LogStatusNotificationRequest], jobs: Jobs
) -> ocpp16.LogStatusNotificationResponse:
    await jobs.messages.append(call)
    step = Step(status=call.request.status, at=call.received_at)
    await jobs.progress(call.station_id, "log", call.request.request_id, step)
    return ocpp16.LogStatusNotificationResponse()


@router.on(v201.LogStatusNotification, v21.LogStatusNotification)
async def log_status_notification_v2(
    call: Call[ocpp2.LogStatusNotificationRequest], jobs: Jobs
) -> ocpp2.LogStatusNotificationResponse:
    await jobs.messages.append(call)
    request = call.request
    step = Step.of(request.status, call.received_at, request.status_info)
    await jobs.progress(call.station_id, "log", request.request_id, step)
    return ocpp2.LogStatusNotificationResponse()
