"""StatusNotification: a station reports the state of one of its connectors (G01)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.errors import CallError, ErrorCode

from ..model import Connector
from ..service import MAX_NUMBER, Connectivity, router


@router.on(v16.StatusNotification)
async def status_notification_v16(
    call: Call[ocpp16.StatusNotificationRequest], connectivity: Connectivity
) -> ocpp16.StatusNotificationResponse:
    """OCPP 1.6 knows no EVSE: connector n counts as EVSE n, and 0 is the station as a whole."""
    request = call.request
    report = Connector(
        station_id=call.station_id,
        evse_id=_checked(request.connector_id),
        connector_id=request.connector_id,
        status=request.status,
        reported_at=call.received_at,
        station_timestamp=request.timestamp,
        error_code=request.error_code,
        info=request.info,
        vendor_id=request.vendor_id,
        vendor_error_code=request.vendor_error_code,
        repairs=call.message.repairs.split() or None,
    )
    await connectivity.report(report)
    await connectivity.touch(call)
    return ocpp16.StatusNotificationResponse()


@router.on(v201.StatusNotification, v21.StatusNotification)
async def status_notification_v2(
    call: Call[ocpp2.StatusNotificationRequest], connectivity: Connectivity
) -> ocpp2.StatusNotificationResponse:
    request = call.request
    report = Connector(
        station_id=call.station_id,
        evse_id=_checked(request.evse_id),
        connector_id=_checked(request.connector_id),
        status=request.connector_status,
        reported_at=call.received_at,
        station_timestamp=request.timestamp,
        repairs=call.message.repairs.split() or None,
    )
    await connectivity.report(report)
    await connectivity.touch(call)
    return ocpp2.StatusNotificationResponse()


def _checked(number: int) -> int:
    if 0 <= number <= MAX_NUMBER:
        return number
    raise CallError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"there is no EVSE or connector {number}")
