"""NotifyMonitoringReport: a station tells which of its variables it monitors, and how (N02)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..monitor import Monitor
from ..service import Device, router


@router.on(v201.NotifyMonitoringReport, v21.NotifyMonitoringReport)
async def notify_monitoring_report(
    call: Call[ocpp2.NotifyMonitoringReportRequest], device: Device
) -> ocpp2.NotifyMonitoringReportResponse:
    await device.note(call)
    told = call.request.monitor or ()
    monitors = [m for one in told for m in Monitor.reported(call.station_id, one, call.received_at)]
    await device.reported.keep(device.reported.monitors, monitors)
    return ocpp2.NotifyMonitoringReportResponse()
