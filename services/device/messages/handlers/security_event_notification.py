"""SecurityEventNotification: something that matters for security happened at a station (A04)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import Messages, router


@router.on(v16.SecurityEventNotification)
async def security_event_notification_v16(
    call: Call[ocpp16.SecurityEventNotificationRequest], messages: Messages
) -> ocpp16.SecurityEventNotificationResponse:
    await messages.append(call)
    return ocpp16.SecurityEventNotificationResponse()


@router.on(v201.SecurityEventNotification, v21.SecurityEventNotification)
async def security_event_notification_v2(
    call: Call[ocpp2.SecurityEventNotificationRequest], messages: Messages
) -> ocpp2.SecurityEventNotificationResponse:
    await messages.append(call)
    return ocpp2.SecurityEventNotificationResponse()
