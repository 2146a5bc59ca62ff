"""LogStatusNotification: how far a station is with the upload of a log (N01)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..job import Step
from ..service import Device, router


@router.on(v16.LogStatusNotification)
async def log_status_notification_16(
    call: Call[ocpp16.LogStatusNotificationRequest], device: Device
) -> ocpp16.LogStatusNotificationResponse:
    await device.note(call)
    step = Step(status=call.request.status, at=call.received_at)
    await device.reported.progress(call.station_id, "log", call.request.request_id, step)
    return ocpp16.LogStatusNotificationResponse()


@router.on(v201.LogStatusNotification, v21.LogStatusNotification)
async def log_status_notification(
    call: Call[ocpp2.LogStatusNotificationRequest], device: Device
) -> ocpp2.LogStatusNotificationResponse:
    await device.note(call)
    told = call.request
    step = Step.of(told.status, call.received_at, told.status_info)
    await device.reported.progress(call.station_id, "log", told.request_id, step)
    return ocpp2.LogStatusNotificationResponse()
