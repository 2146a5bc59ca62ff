"""NotifyReport: a station reports its variables, in one message or several (B07, B08)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..model import ReportedVariable
from ..service import DeviceModel, router


@router.on(v201.NotifyReport, v21.NotifyReport)
async def notify_report(
    call: Call[ocpp2.NotifyReportRequest], device_model: DeviceModel
) -> ocpp2.NotifyReportResponse:
    if await device_model.messages.append(call):
        reported = call.request.report_data or ()
        variables = [ReportedVariable.of(call.station_id, one, call.received_at) for one in reported]
        await device_model.merge(device_model.variables, variables)
    return ocpp2.NotifyReportResponse()
