"""One station's connection: frames on one side, bus messages on the other. Knows neither sockets nor HTTP."""

from __future__ import annotations

import asyncio
import logging

from websockets.frames import CloseCode

from libs.csms.limits import Pace
from libs.csms.secrets import masked_frame, text_without_secrets
from libs.ocpp_messages import frame
from libs.ocpp_messages.message import Message

from .connection import Admitted, Close, Disconnected, Receive, Send
from .context import GatewayContext
from .deviations import Deviations
from .inbound import Inbound, InboundCalls, NoFrame
from .outbound import OutboundCalls
from .tap import Tap

log = logging.getLogger(__name__)

BURST_SECONDS = 10
"""So many seconds' frames may come at once."""

MAX_LOGGED_CHARACTERS = 200
"""Of a frame in the DEBUG log."""


class Session:
    """Both directions at once: neither waits for the other, and one outstanding call in each."""

    __slots__ = (
        "_close",
        "_context",
        "_end",
        "_inbound",
        "_outbound",
        "_send",
        "_was_fast",
        "connection",
        "heard_at",
        "registration",
        "tap",
    )

    def __init__(
        self,
        admitted: Admitted,
        context: GatewayContext,
        send: Send,
        close: Close,
    ) -> None:
        self.connection = connection = admitted.connection
        self._context = context
        self._send = send
        self._close = close
        self._end: Disconnected | None = None
        self._was_fast = False
        self.registration = admitted.registration
        self.heard_at = 0.0
        """When the station sent its last frame, as a time of the event loop; 0 if it has sent none."""
        self.tap: Tap | None = None
        """Of a watched station."""
        deviations = Deviations(connection, context)
        self._inbound = InboundCalls(admitted, context, self.registration, deviations, self._write)
        self._outbound = OutboundCalls(
            connection, context, self.registration, deviations, self._write, admitted.answer_timeout
        )

    async def run(self, receive: Receive) -> Disconnected:
        """Until the connection ends. What the station sent last still goes onto the bus, if that is quick."""
        limits = self._context.limits
        try:
            async with asyncio.timeout(None) as timeout, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._inbound.run())
                tasks.create_task(self._outbound.run())
                await self._read(receive)
                timeout.reschedule(asyncio.get_running_loop().time() + limits.publish_timeout)
        except TimeoutError:
            log.error(
                "station %s: its last messages could not be published in %g s",
                self.connection.station_id,
                limits.publish_timeout,
            )
        return self._end or Disconnected(CloseCode.ABNORMAL_CLOSURE, "")

    def handle_answer(self, answer: Message) -> None:
        """Take the CSMS's answer to a call. Never waits."""
        self._inbound.handle_answer(answer)

    def enqueue_command(self, command: Message) -> None:
        """Take a command. Never waits. Raises ``CallError`` where the station cannot get it."""
        self._outbound.enqueue(command)

    def cancel_command(self, id: str) -> None:
        """Take back a command that waits. Never waits."""
        self._outbound.cancel(id)

    def close(self, code: int, reason: str) -> None:
        """End the connection from this side. Never waits. What the station sends from now on is dropped."""
        self._disconnected(Disconnected(code, reason))
        self._close(code, reason)

    def copy_to(self, tap: Tap | None) -> None:
        """Copy the frames of the connection from now on; with None no longer."""
        self.tap = self._inbound.tap = self._outbound.tap = tap

    @property
    def busy(self) -> bool:
        """Whether a call of the station has no answer yet."""
        return self._inbound.busy

    async def wait_until_idle(self) -> None:
        """Wait until every call of the station has been answered."""
        await self._inbound.wait_until_idle()

    async def _read(self, receive: Receive) -> None:
        clock = asyncio.get_running_loop().time
        rate = self._context.limits.frames_per_second
        pace = Pace(rate, BURST_SECONDS * rate)
        try:
            while True:
                text = await receive()
                self.heard_at = now = clock()
                if (delay := pace.delay(now)) > 0:
                    await self._pause(delay)
                if self._end is not None:
                    continue
                if (inbound := self._inbound_frame(text)) is not None:
                    await self._inbound.enqueue(inbound)
                del text, inbound  # as an idle connection would hold them
        except Disconnected as end:
            self._disconnected(end)

    async def _pause(self, delay: float) -> None:
        """What the station sends meanwhile waits in its socket and, once that is full, at the station."""
        if not self._was_fast:
            self._was_fast = True
            rate = self._context.limits.frames_per_second
            log.warning("station %s: sends more than %g frames a second", self.connection.station_id, rate)
        await asyncio.sleep(delay)

    def _inbound_frame(self, text: str | bytes) -> Inbound | None:
        """What has to wait for its turn. None for what was handled at once."""
        if isinstance(text, bytes):
            self.close(CloseCode.UNSUPPORTED_DATA, "OCPP-J frames are text")
            return None
        station = self.connection.station_id
        log_frame("received from", station, text)
        try:
            received = frame.parse(text, self.connection.version)
        except frame.FrameError as error:
            log.warning("station %s: sent text that is no OCPP-J frame: %s", station, error)
            return NoFrame(text, str(error), error.answer)
        match received:
            case frame.Call() | frame.Send():
                return received
            case frame.ResultError():
                description = text_without_secrets(received.description)
                log.warning("station %s: refused a response: %s %s", station, received.code, description)
                if self.tap is not None:
                    self.tap.replied(received, ())
            case reply:
                self._outbound.handle_reply(reply)
        return None

    async def _write(self, text: bytes) -> None:
        if self._end is not None:
            return
        log_frame("sent to", self.connection.station_id, text)
        if self.tap is not None:
            self.tap.sent(text)
        try:
            await self._send(text)
        except Disconnected as end:
            self._disconnected(end)

    def _disconnected(self, end: Disconnected) -> None:
        if self._end is None:
            self._end = end
            self._inbound.close()
            self._outbound.close()


def log_frame(event: str, station_id: str, frame: str | bytes) -> None:
    """At DEBUG: cut short, and without what may be secret."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug("station %s: frame %s it: %s", station_id, event, _readable(frame))


def _readable(frame: str | bytes) -> str:
    start = frame[: 4 * MAX_LOGGED_CHARACTERS]
    text = masked_frame(start if isinstance(start, str) else start.decode(errors="replace"))
    if len(text) <= MAX_LOGGED_CHARACTERS and len(frame) <= 4 * MAX_LOGGED_CHARACTERS:
        return text
    return f"{text[:MAX_LOGGED_CHARACTERS]}… ({len(frame)})"
