"""FirmwareStatusNotification: how far a station is with an update of its firmware (L01 to L03)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..job import Step
from ..service import Device, router


@router.on(v16.FirmwareStatusNotification)
async def firmware_status_notification_16(
    call: Call[ocpp16.FirmwareStatusNotificationRequest], device: Device
) -> ocpp16.FirmwareStatusNotificationResponse:
    await device.note(call)
    step = Step(status=call.request.status, at=call.received_at)
    await device.reported.progress(call.station_id, "firmware", None, step)
    return ocpp16.FirmwareStatusNotificationResponse()


@router.on(v201.FirmwareStatusNotification, v21.FirmwareStatusNotification)
async def firmware_status_notification(
    call: Call[ocpp2.FirmwareStatusNotificationRequest], device: Device
) -> ocpp2.FirmwareStatusNotificationResponse:
    await device.note(call)
    told = call.request
    step = Step.of(told.status, call.received_at, told.status_info)
    await device.reported.progress(call.station_id, "firmware", told.request_id, step)
    return ocpp2.FirmwareStatusNotificationResponse()
