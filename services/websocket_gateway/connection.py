"""One WebSocket connection of one station, by name: what everything about it is fenced with."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from libs.csms.clock import Clock
from libs.ocpp_messages.version import Version


@dataclass(frozen=True, slots=True)
class Connection:
    """Of two connections of one station, the one with the greater ``id`` is the newer. ``asked_at`` is when
    the CSMS was asked whether the station may connect: what it decides later is not in its answer.
    """

    id: str
    station_id: str
    version: Version
    remote_address: str
    asked_at: datetime


class Disconnected(Exception):
    """The station's WebSocket is gone. ``code`` is the WebSocket close code, 1006 if none came."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


Receive = Callable[[], Awaitable[str | bytes]]
"""The next frame of the station. Raises ``Disconnected``."""

Send = Callable[[bytes], Awaitable[None]]
"""Write one text frame, at the station's pace. Raises ``Disconnected``."""

Close = Callable[[int, str], None]
"""Let the connection be closed with a code and reason. Does not wait for it."""


class ConnectionIds:
    """Ids that sort by time: the milliseconds, then a counter for those of the same one, then chance."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._milliseconds = 0
        self._count = 0

    def next(self) -> str:
        """Greater than all before, even if the clock has been set back."""
        now = max(int(self._clock().timestamp() * 1000), self._milliseconds)
        self._count = self._count + 1 if now == self._milliseconds else 0
        if self._count > 0xFFFF:
            now, self._count = now + 1, 0
        self._milliseconds = now
        return f"{now:013x}-{self._count:04x}{random.getrandbits(48):012x}"
