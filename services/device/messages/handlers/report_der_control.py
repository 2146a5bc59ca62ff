"""ReportDERControl: a station reports its grid code controls, on request (R)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Messages, router


@router.on(v21.ReportDERControl)
async def report_der_control(
    call: Call[ocpp2.ReportDERControlRequest], messages: Messages
) -> ocpp2.ReportDERControlResponse:
    await messages.append(call)
    return ocpp2.ReportDERControlResponse()
