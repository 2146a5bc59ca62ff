"""What an operation comes to, when that is more than the station's answer: a transaction, or a report."""

from __future__ import annotations

import asyncio
from time import monotonic

import orjson

from libs.csms.station_messages.api import parts
from libs.csms.storage.store import Json

from ..commands.command import Command
from ..commands.delivery import outcome
from ..service import Device
from .configuration import settings_reported
from .operation import Operation
from .sessions import STARTS

BETWEEN_LOOKS = 0.2


async def outcome_of(
    device: Device, command: Command, operation: Operation, number: int, seconds: float
) -> tuple[Command, Json | None]:
    """The command and its result after so many seconds, or as soon as there is nothing to wait for."""
    until = monotonic() + seconds
    if command.status != "queued":
        command = await outcome(device, command, seconds)
    if command.response is None:
        return command, None
    response = orjson.loads(command.response)
    if "withheld" in response:
        return command, None
    result = operation.result(response, number)
    if response.get("status") == "Accepted" and command.action in STARTS:
        command = await outcome(device, command, until - monotonic(), lambda now: now.transaction is not None)
        if command.transaction is not None:
            transaction = command.transaction.model_dump(mode="json", by_alias=True, exclude_none=True)
            result = (result or {}) | {"transaction": transaction}
    if response.get("status") == "Accepted" and command.action == "GetBaseReport":
        result = (result or {}) | await _reported(device, command.station_id, number, until)
    return command, result


async def _reported(device: Device, station_id: str, number: int, until: float) -> Json:
    """The configuration, if all of it arrives in time."""
    while True:
        report = await device.message_log.report(station_id, "NotifyReport", number)
        if report is not None and report.shown(device.clock()).status == "complete":
            told = [part async for part in parts(device.message_log, report)]
            return {"configuration": settings_reported(told)}
        if monotonic() >= until:
            return {}
        await asyncio.sleep(min(BETWEEN_LOOKS, max(0.0, until - monotonic())))
