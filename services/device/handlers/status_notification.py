"""StatusNotification: a station reports the state of one of its connectors (G01)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.errors import CallError, ErrorCode

from ..connection import Connector
from ..service import Device, router

MAX_NUMBER = 1_000
"""Of EVSEs and connectors; without a limit one station could fill the store."""


@router.on(v16.StatusNotification)
async def status_notification_16(
    call: Call[ocpp16.StatusNotificationRequest], device: Device
) -> ocpp16.StatusNotificationResponse:
    """OCPP 1.6 knows no EVSE: connector n counts as EVSE n, and 0 is the station as a whole."""
    told = call.request
    report = Connector(
        station_id=call.station_id,
        evse_id=_number(told.connector_id),
        connector_id=told.connector_id,
        status=told.status,
        reported_status=told.status,
        reported_at=call.received_at,
        station_timestamp=told.timestamp,
        error_code=told.error_code,
        info=told.info,
        vendor_id=told.vendor_id,
        vendor_error_code=told.vendor_error_code,
    )
    await device.report(report)
    await device.seen(call)
    return ocpp16.StatusNotificationResponse()


@router.on(v201.StatusNotification, v21.StatusNotification)
async def status_notification(
    call: Call[ocpp2.StatusNotificationRequest], device: Device
) -> ocpp2.StatusNotificationResponse:
    told = call.request
    report = Connector(
        station_id=call.station_id,
        evse_id=_number(told.evse_id),
        connector_id=_number(told.connector_id),
        status=told.connector_status,
        reported_status=told.connector_status,
        reported_at=call.received_at,
        station_timestamp=told.timestamp,
    )
    await device.report(report)
    await device.seen(call)
    return ocpp2.StatusNotificationResponse()


def _number(number: int) -> int:
    if 0 <= number <= MAX_NUMBER:
        return number
    raise CallError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"there is no EVSE or connector {number}")
