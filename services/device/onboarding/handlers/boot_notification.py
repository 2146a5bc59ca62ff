"""BootNotification: a station reports what it is, and asks whether it may operate (B01 to B03)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ...registry.model import Boot, Modem
from ..service import Onboardings, router

COMMAND_DELAY = timedelta(seconds=1)
"""After this time, commands that waited for the boot of the station are sent."""


@router.on(v16.BootNotification)
async def boot_notification_v16(
    call: Call[ocpp16.BootNotificationRequest], onboardings: Onboardings
) -> ocpp16.BootNotificationResponse:
    reported = call.request
    boot = Boot(
        model=reported.charge_point_model,
        vendor_name=reported.charge_point_vendor,
        serial_number=reported.charge_point_serial_number or reported.charge_box_serial_number or None,
        firmware_version=reported.firmware_version or None,
        modem=_modem(reported.iccid, reported.imsi),
    )
    status, interval = await _boot(call, boot, onboardings)
    return ocpp16.BootNotificationResponse(
        status=status, current_time=rfc3339(onboardings.clock()), interval=interval
    )


@router.on(v201.BootNotification, v21.BootNotification)
async def boot_notification_v2(
    call: Call[ocpp2.BootNotificationRequest], onboardings: Onboardings
) -> ocpp2.BootNotificationResponse:
    reported = call.request.charging_station
    boot = Boot(
        model=reported.model,
        vendor_name=reported.vendor_name,
        serial_number=reported.serial_number or None,
        firmware_version=reported.firmware_version or None,
        modem=_modem(reported.modem.iccid, reported.modem.imsi) if reported.modem else None,
        boot_reason=call.request.reason,
    )
    status, interval = await _boot(call, boot, onboardings)
    return ocpp2.BootNotificationResponse(
        status=status, current_time=rfc3339(onboardings.clock()), interval=interval
    )


async def _boot(call: Call[Any], boot: Boot, onboardings: Onboardings) -> tuple[RegistrationStatus, int]:
    """The operator's decision, and the seconds to the next Heartbeat or (not accepted) BootNotification."""
    commands = onboardings.commands
    station = await commands.registry.booted(call.station_id, boot, call.received_at)
    if station is None:
        return "Rejected", onboardings.boot_retry_interval
    await commands.connectivity.adopt_connection(call)
    await commands.connectivity.touch(call)
    if station.registration_status != "Accepted":
        return station.registration_status, onboardings.boot_retry_interval
    if await onboardings.lacks_inventory(station):
        await onboardings.schedule(call.station_id, call.message.connection_id)
    commands.alarm.set(onboardings.clock() + COMMAND_DELAY)
    return "Accepted", station.heartbeat_interval or onboardings.heartbeat_interval


def _modem(iccid: str | None, imsi: str | None) -> Modem | None:
    return Modem(iccid=iccid or None, imsi=imsi or None) if iccid or imsi else None
