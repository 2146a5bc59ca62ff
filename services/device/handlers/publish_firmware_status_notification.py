"""PublishFirmwareStatusNotification: how far a local controller is with offering firmware (L03)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..job import Step
from ..service import Device, router


@router.on(v201.PublishFirmwareStatusNotification, v21.PublishFirmwareStatusNotification)
async def publish_firmware_status_notification(
    call: Call[ocpp2.PublishFirmwareStatusNotificationRequest], device: Device
) -> ocpp2.PublishFirmwareStatusNotificationResponse:
    await device.note(call)
    told = call.request
    step = Step.of(told.status, call.received_at, told.status_info)
    await device.reported.progress(call.station_id, "publish-firmware", told.request_id, step, told.location)
    return ocpp2.PublishFirmwareStatusNotificationResponse()
