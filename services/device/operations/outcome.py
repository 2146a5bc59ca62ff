"""The result of an operation that is more than the response: the transaction begun, or a report."""

from __future__ import annotations

import asyncio
from time import monotonic

import orjson

from libs.csms.station_messages.api import parts
from libs.csms.storage.store import Json

from ..commands.delivery import outcome
from ..commands.model import Command
from ..commands.remote_start import STARTS
from .configuration import settings_reported
from .model import Operation
from .service import Operations

POLL_INTERVAL = 0.2
"""Seconds between two looks for a report, which arrives in messages of its own."""


async def outcome_of(
    operations: Operations, command: Command, operation: Operation, number: int, seconds: float
) -> tuple[Command, Json | None]:
    """The command and its result after so many seconds, or as soon as there is nothing to wait for."""
    until = monotonic() + seconds
    command = await outcome(operations.commands, command, seconds)
    if command.response is None:
        return command, None
    response = orjson.loads(command.response)
    if not isinstance(response, dict) or "withheld" in response:
        return command, None
    result = operation.result(response, number) if command.warning is None else None
    if response.get("status") == "Accepted" and command.action in STARTS:
        command = await outcome(
            operations.commands, command, until - monotonic(), lambda now: now.transaction is not None
        )
        if command.transaction is not None:
            transaction = command.transaction.model_dump(mode="json", by_alias=True, exclude_none=True)
            result = (result or {}) | {"transaction": transaction}
    if response.get("status") == "Accepted" and command.action == "GetBaseReport":
        result = (result or {}) | await _report(operations, command.station_id, number, until)
    return command, result


async def _report(operations: Operations, station_id: str, number: int, until: float) -> Json:
    """The configuration, if all of it arrives in time."""
    while True:
        report = await operations.messages.log.report(station_id, "NotifyReport", number)
        if report is not None and report.shown(operations.messages.clock()).status == "complete":
            received = [part async for part in parts(operations.messages.log, report)]
            return {"configuration": settings_reported(received)}
        if monotonic() >= until:
            return {}
        await asyncio.sleep(min(POLL_INTERVAL, max(0.0, until - monotonic())))
