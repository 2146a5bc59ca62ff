"""A second process of the device service, on the same store and bus."""

from __future__ import annotations

from dataclasses import replace

from libs.csms.alarm import Alarm, LocalSignals
from services.device.operations.service import Operations
from services.device.service import Device
from services.device.station_profiles.service import StationProfiles


def replica_of(device: Device) -> Device:
    """It shares nothing that the first process has in memory."""
    commands = replace(
        device.commands, signals=LocalSignals(), alarm=Alarm(device.clock), process_id="device-replica"
    )
    station_profiles = StationProfiles(device.station_profiles.documents, device.clock)
    return replace(
        device,
        station_profiles=station_profiles,
        security=replace(device.security, station_profiles=station_profiles),
        commands=commands,
        operations=Operations(commands, device.messages),
        onboardings=replace(
            device.onboardings,
            commands=commands,
            station_profiles=station_profiles,
            alarm=Alarm(device.clock),
        ),
    )
