"""The outcome of each part of an operation, and of all parts together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

from libs.csms.errors import DomainError
from libs.csms.station_messages.api import parts
from libs.csms.storage.store import Json
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version

from ..commands.api import CommandView, ErrorView
from ..commands.delivery import outcome
from ..commands.model import Command, StartedTransaction
from ..commands.remote_start import STARTS
from .configuration import settings_reported
from .model import STATUSES, Operation, Part, Status
from .service import Operations

POLL_INTERVAL = 0.2
"""Seconds between two looks for a report, which arrives in messages of its own."""


@dataclass(frozen=True)
class PartOutcome:
    """What has become of one message of an operation."""

    command: Command | None
    """None if it was refused before it was sent."""
    statuses: Sequence[Status]
    station_statuses: Sequence[str] = ()
    result: Json | None = None
    error: ErrorView | None = None


def refused(part: Part, error: DomainError) -> PartOutcome:
    """A message that was not sent, though an earlier one of the operation was."""
    reason = ErrorView(code=ErrorCode.GENERIC_ERROR, description=error.detail, details={})
    return PartOutcome(None, ["error"], result=part.operation.unanswered("error"), error=reason)


async def outcome_of(
    operations: Operations, part: Part, command: Command, number: int, seconds: float
) -> PartOutcome:
    """After so many seconds, or as soon as there is nothing to wait for."""
    until = monotonic() + seconds
    command = await outcome(operations.commands, command, seconds)
    view = CommandView.of(command)
    if view.response is None:
        return _unanswered(part, command, view.error)
    if isinstance(view.response, dict) and "withheld" in view.response:
        withheld = f"the station's answer is not kept: {view.response['withheld']}"
        return _unanswered(
            part, command, ErrorView(code=ErrorCode.GENERIC_ERROR, description=withheld, details={})
        )
    command, result = await _result(operations, command, part.operation, number, until)
    if view.warning is not None:
        return _broken(command, result, view.warning)
    statuses = part.operation.station_statuses(view.response)
    return PartOutcome(command, [STATUSES.get(status, "rejected") for status in statuses], statuses, result)


def _broken(command: Command, result: Json | None, warning: str) -> PartOutcome:
    """The outcome where the response breaks its schema: its status counts if it can be read."""
    status = command.readable_status
    if status is None:
        error = ErrorView(code=ErrorCode.FORMAT_VIOLATION, description=warning, details={})
        return PartOutcome(command, ["error"], result=result, error=error)
    return PartOutcome(command, [STATUSES.get(status, "rejected")], [status], result)


def _unanswered(part: Part, command: Command, error: ErrorView | None) -> PartOutcome:
    status: Status = "pending"
    if error is not None:
        status = "unsupported" if error.code in ("NotImplemented", "NotSupported") else "error"
    elif command.is_final:
        status = "error"
    return PartOutcome(command, [status], result=part.operation.unanswered(status), error=error)


async def _result(
    operations: Operations, command: Command, operation: Operation, number: int, until: float
) -> tuple[Command, Json | None]:
    """What the operation returns: its response, and the transaction begun or the report."""
    response = orjson.loads(command.response or "{}")
    if not isinstance(response, dict):
        return command, None
    result = operation.result(response, number) if command.warning is None else None
    if response.get("status") == "Accepted" and command.action in STARTS:
        command = await outcome(
            operations.commands, command, until - monotonic(), lambda now: now.transaction is not None
        )
        if command.transaction is not None:
            result = (result or {}) | {"transaction": _shown(command.transaction, command)}
    if response.get("status") == "Accepted" and command.action == "GetBaseReport":
        result = (result or {}) | await _report(operations, command.station_id, number, until)
    return command, result


def _shown(transaction: StartedTransaction, command: Command) -> Json:
    """With EVSE and connector as OCPP 2.x counts them: connector n of 1.6 is the only one of EVSE n."""
    if command.ocpp_version == Version.V16:
        transaction = transaction.changed(evse_id=transaction.connector_id, connector_id=1)
    shown: Json = transaction.model_dump(mode="json", by_alias=True, exclude_none=True)
    return shown


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


def status_of(outcomes: Sequence[PartOutcome]) -> Status:
    """That of all parts together: partial if the station has accepted some of them only."""
    statuses = {status for part in outcomes for status in part.statuses}
    if "pending" in statuses:
        return "pending"
    if len(statuses) == 1:
        return statuses.pop()
    if statuses == {"accepted", "scheduled"}:
        return "scheduled"
    if statuses & {"accepted", "scheduled"}:
        return "partial"
    return "error" if "error" in statuses else "rejected"


def joined(outcomes: Sequence[PartOutcome]) -> Json | None:
    """The results of all parts as one: lists are joined."""
    results: dict[str, Any] = {}
    for part in outcomes:
        for name, value in (part.result or {}).items():
            results[name] = [*results.get(name, []), *value] if isinstance(value, list) else value
    return results if any(part.result is not None for part in outcomes) else None
