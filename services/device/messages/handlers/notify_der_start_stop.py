"""NotifyDERStartStop: a scheduled control of the grid code begins or ends (R)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Messages, router


@router.on(v21.NotifyDERStartStop)
async def notify_der_start_stop(
    call: Call[ocpp2.NotifyDERStartStopRequest], messages: Messages
) -> ocpp2.NotifyDERStartStopResponse:
    await messages.append(call)
    return ocpp2.NotifyDERStartStopResponse()
