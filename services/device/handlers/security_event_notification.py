"""SecurityEventNotification: something that matters for security happened at a station (A04)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import Device, router


@router.on(v16.SecurityEventNotification)
async def security_event_notification_16(
    call: Call[ocpp16.SecurityEventNotificationRequest], device: Device
) -> ocpp16.SecurityEventNotificationResponse:
    await device.note(call)
    return ocpp16.SecurityEventNotificationResponse()


@router.on(v201.SecurityEventNotification, v21.SecurityEventNotification)
async def security_event_notification(
    call: Call[ocpp2.SecurityEventNotificationRequest], device: Device
) -> ocpp2.SecurityEventNotificationResponse:
    await device.note(call)
    return ocpp2.SecurityEventNotificationResponse()
