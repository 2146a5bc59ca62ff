"""NotifyDERAlarm: a grid event makes a station act by itself, or it is over (R)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Messages, router


@router.on(v21.NotifyDERAlarm)
async def notify_der_alarm(
    call: Call[ocpp2.NotifyDERAlarmRequest], messages: Messages
) -> ocpp2.NotifyDERAlarmResponse:
    await messages.append(call)
    return ocpp2.NotifyDERAlarmResponse()
