"""ReportDERControl: the controls of the grid code that a station has, as it was asked (R)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Device, router


@router.on(v21.ReportDERControl)
async def report_der_control(
    call: Call[ocpp2.ReportDERControlRequest], device: Device
) -> ocpp2.ReportDERControlResponse:
    await device.note(call)
    return ocpp2.ReportDERControlResponse()
