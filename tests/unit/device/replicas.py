"""A second process of the device service, on the same store and bus."""

from __future__ import annotations

from dataclasses import replace

from libs.csms.alarm import Alarm, LocalSignals
from services.device.operations.service import Operations
from services.device.service import Device


def replica_of(device: Device) -> Device:
    """It shares nothing that the first process has in memory."""
    commands = replace(
        device.commands, signals=LocalSignals(), alarm=Alarm(device.clock), process_id="device-replica"
    )
    return replace(
        device,
        commands=commands,
        operations=Operations(commands, device.messages),
        onboardings=replace(device.onboardings, commands=commands, alarm=Alarm(device.clock)),
    )
