"""BootNotification: a station tells what it is, and asks whether it may operate (B01 to B03)."""

from __future__ import annotations

from typing import Any

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.csms.storage.queries import update_existing
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..model import Boot, Modem
from ..service import Device, router


@router.on(v16.BootNotification)
async def boot_notification_16(
    call: Call[ocpp16.BootNotificationRequest], device: Device
) -> ocpp16.BootNotificationResponse:
    told = call.request
    boot = Boot(
        model=told.charge_point_model,
        vendor_name=told.charge_point_vendor,
        serial_number=told.charge_point_serial_number or told.charge_box_serial_number or None,
        firmware_version=told.firmware_version or None,
        modem=_modem(told.iccid, told.imsi),
    )
    status, interval = await _boot(call, boot, device)
    return ocpp16.BootNotificationResponse(
        status=status, current_time=rfc3339(device.clock()), interval=interval
    )


@router.on(v201.BootNotification, v21.BootNotification)
async def boot_notification(
    call: Call[ocpp2.BootNotificationRequest], device: Device
) -> ocpp2.BootNotificationResponse:
    told = call.request.charging_station
    boot = Boot(
        model=told.model,
        vendor_name=told.vendor_name,
        serial_number=told.serial_number or None,
        firmware_version=told.firmware_version or None,
        modem=_modem(told.modem.iccid, told.modem.imsi) if told.modem else None,
        boot_reason=call.request.reason,
    )
    status, interval = await _boot(call, boot, device)
    return ocpp2.BootNotificationResponse(
        status=status, current_time=rfc3339(device.clock()), interval=interval
    )


async def _boot(call: Call[Any], boot: Boot, device: Device) -> tuple[RegistrationStatus, int]:
    """The operator's decision, and the seconds to the next Heartbeat or (not accepted) BootNotification."""
    station = await update_existing(
        device.stations, call.station_id, lambda station: station.booted(boot, call.received_at)
    )
    if station is None:
        return "Rejected", device.boot_retry_interval
    await device.meet(call)
    await device.seen(call)
    if station.registration_status != "Accepted":
        return station.registration_status, device.boot_retry_interval
    if station.lacks_inventory:
        await device.greet(call.station_id, call.message.connection_id)
    return "Accepted", station.heartbeat_interval or device.heartbeat_interval


def _modem(iccid: str | None, imsi: str | None) -> Modem | None:
    return Modem(iccid=iccid or None, imsi=imsi or None) if iccid or imsi else None
