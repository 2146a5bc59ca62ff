"""What the CSMS asks of a station: commands from the bus, one at a time, and the station's answers back."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
import orjson

from libs.csms.clock import rfc3339
from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .bounded_queue import BoundedQueue
from .connection import Connection, Send
from .context import GatewayContext
from .registration import Registration

log = logging.getLogger(__name__)

MAX_REMEMBERED_COMMANDS = 64
"""Ids of commands that are not sent again when the bus delivers them again."""


def undelivered(reason: str, description: str, code: ErrorCode = ErrorCode.INTERNAL_ERROR) -> CallError:
    """An error that is the gateway's own and not the station's: its details are ``{"gateway": reason}``.

    The reasons are ``timeout``, ``notConnected``, ``overloaded``, ``invalidRequest`` and ``invalidResponse``.
    """
    return CallError(code, description, {"gateway": reason})


class OutboundCalls:
    """Every command is answered on the bus: by the station or, failing that, by the gateway."""

    __slots__ = (
        "_closed",
        "_connection",
        "_context",
        "_pending_id",
        "_queue",
        "_registration",
        "_remembered_ids",
        "_reply",
        "_write",
    )

    def __init__(
        self, connection: Connection, context: GatewayContext, registration: Registration, write: Send
    ) -> None:
        self._connection = connection
        self._context = context
        self._registration = registration
        self._write = write
        self._queue: BoundedQueue[tuple[float, Message]] = BoundedQueue(context.limits.max_queued_commands)
        self._remembered_ids: list[str] = []
        self._pending_id = ""
        self._reply: asyncio.Future[frame.Result | frame.Error | None] | None = None
        self._closed = False

    def enqueue(self, command: Message) -> None:
        """Let a command wait for its turn. Never waits. Raises ``CallError`` if too many do."""
        id = command.message_id
        if id in self._remembered_ids:
            log.info(
                "station %s: %s %s came twice from the bus, and is sent once",
                command.station_id,
                command.action,
                id,
            )
            return
        if self._closed:
            raise undelivered("notConnected", "the station has just left")
        if not self._queue.try_put((asyncio.get_running_loop().time(), command)):
            raise undelivered("overloaded", "too many commands wait for the station")
        self._remembered_ids = [*self._remembered_ids[1 - MAX_REMEMBERED_COMMANDS :], id]

    def handle_reply(self, reply: frame.Result | frame.Error) -> None:
        """Take a frame of the station, unless it is late or answers nothing. Never waits."""
        if self._reply is None or reply.id != self._pending_id:
            log.debug("station %s: a reply to no pending command is dropped", self._connection.station_id)
        elif not self._reply.done():
            self._reply.set_result(reply)

    async def run(self) -> None:
        """Until closed; then the commands that are left are answered that the station is gone."""
        while (queued := await self._queue.get()) is not None:
            received_at, command = queued
            result = await self._result(command, received_at)
            if not command.reply_to:
                continue
            try:
                await self._context.bus.publish(command.reply_to, result)
            except Exception:
                log.exception(
                    "station %s: its answer to %s could not be published", command.station_id, command.action
                )

    def close(self) -> None:
        self._closed = True
        self._queue.close()
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(None)

    async def _result(self, command: Message, received_at: float) -> Message:
        try:
            action, request = _checked_request(command, self._connection.version)
            waited = asyncio.get_running_loop().time() - received_at
            if waited > self._context.limits.command_queue_timeout:
                raise undelivered("timeout", "its turn came too late", ErrorCode.GENERIC_ERROR)
            reply = await self._send(command)
            if isinstance(reply, frame.Error):
                return _error_message(command, reply, self._now())
            try:
                action.response_validator.check(reply.payload)
            except CallError as violation:
                await self._refuse(reply, violation)
                raise undelivered("invalidResponse", violation.description, violation.code) from violation
            self._registration.command_answered(action.name, request, reply.payload)
            return _result_message(command, reply, self._now())
        except CallError as error:
            id = command.message_id
            log.warning("station %s: %s %s failed: %s", command.station_id, command.action, id, error)
            return command.error(error, self._now())

    async def _send(self, command: Message) -> frame.Result | frame.Error:
        """The station's reply. Raises ``CallError`` where there is none."""
        self._pending_id = command.message_id
        self._reply = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._context.limits.command_timeout):
                await self._write(frame.format_call(command.message_id, command.action, command.data))
                reply = None if self._closed else await self._reply
        except TimeoutError:
            description = "the station did not answer in time"
            raise undelivered("timeout", description, ErrorCode.GENERIC_ERROR) from None
        finally:
            self._pending_id, self._reply = "", None
        if reply is None:
            raise undelivered("notConnected", "the station left before it answered")
        return reply

    async def _refuse(self, reply: frame.Result, violation: CallError) -> None:
        """Only OCPP 2.1 has words for a CALLRESULT that is wrong."""
        if self._connection.version is Version.V21:
            code = violation.code.of(Version.V21)
            await self._write(frame.format(frame.ResultError(reply.id, code, violation.description)))

    def _now(self) -> str:
        return rfc3339(self._context.clock())


def _checked_request(command: Message, version: Version) -> tuple[Action[Any, Any], dict[str, Any]]:
    """The action and payload of a command that may be sent to the station. Raises ``CallError``."""
    action = ACTIONS[version].get(command.action)
    if action is None or not action.to_station or command.ocpp_version not in (None, version):
        raise undelivered("invalidRequest", f"{command.action} is no command of {version}")
    if not 0 < len(command.message_id) <= 36:
        raise undelivered("invalidRequest", "the message id must have 1 to 36 characters")
    try:
        request = orjson.loads(command.data)
        action.request_validator.check(request)
    except orjson.JSONDecodeError:
        raise undelivered("invalidRequest", "the payload is not JSON") from None
    except CallError as violation:
        raise undelivered("invalidRequest", violation.description, violation.code) from violation
    return action, request


def _result_message(command: Message, reply: frame.Result, sent_at: str) -> Message:
    data = orjson.dumps(reply.payload)
    return msgspec.structs.replace(command, kind=Kind.RESULT, data=data, sent_at=sent_at, reply_to="")


def _error_message(command: Message, reply: frame.Error, sent_at: str) -> Message:
    """The station's CALLERROR, its code as the station spells it."""
    return msgspec.structs.replace(
        command,
        kind=Kind.ERROR,
        data=orjson.dumps(reply.details),
        sent_at=sent_at,
        reply_to="",
        error_code=reply.code[:50] or ErrorCode.GENERIC_ERROR.value,
        error_description=reply.description[:255],
    )
