"""NotifyMonitoringReport: a station reports the monitors of its variables (N02)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..monitor import Monitor
from ..service import DeviceModel, router


@router.on(v201.NotifyMonitoringReport, v21.NotifyMonitoringReport)
async def notify_monitoring_report(
    call: Call[ocpp2.NotifyMonitoringReportRequest], device_model: DeviceModel
) -> ocpp2.NotifyMonitoringReportResponse:
    if await device_model.messages.append(call):
        reported = call.request.monitor or ()
        monitors = [m for one in reported for m in Monitor.reported(call.station_id, one, call.received_at)]
        await device_model.merge(device_model.monitors, monitors)
    return ocpp2.NotifyMonitoringReportResponse()
