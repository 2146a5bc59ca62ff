"""One WebSocket connection of one station: its id, and what tells whether it is the one that counts.

The device service numbers connections when it admits them, in the store. The number begins the connection's
id, so ids tell in which order connections were admitted, whatever the clocks of the gateways say.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from libs.ocpp_messages.event import RegistrationStatusChanged
from libs.ocpp_messages.version import Version

from .registration import Registration


@dataclass(frozen=True, slots=True)
class Connection:
    id: str
    """Of two connections of one station, the one with the greater id (as text) was admitted later."""
    station_id: str
    version: Version
    remote_address: str
    """Of the client, with its port where that is known: of a proxy in front unless that is trusted."""

    @classmethod
    def admitted(cls, station_id: str, version: Version, remote_address: str, number: int) -> Connection:
        """``number`` is the one of its admission. Chance makes the id differ from those of other stations."""
        id = f"{least_id(number)}-{random.getrandbits(48):012x}"
        return cls(id, station_id, version, remote_address)


def least_id(number: int) -> str:
    """Not greater than the id of a connection with this number, and greater than those with a lower one."""
    return f"{number:013x}"


class Fence:
    """Which connections of one station have to end, as far as this gateway has heard, and what the operator
    has decided about those that stay.
    """

    __slots__ = ("__weakref__", "_least_id", "code", "decision", "reason")

    def __init__(self) -> None:
        self.decision: RegistrationStatusChanged | None = None
        self._least_id = ""
        self.code = 0
        self.reason = ""

    def exclude(self, least_id: str, code: int, reason: str) -> None:
        """Connections with a lesser id have to end, with this WebSocket close code and reason."""
        if least_id > self._least_id:
            self._least_id, self.code, self.reason = least_id, code, reason

    def excludes(self, connection: Connection) -> bool:
        return connection.id < self._least_id


class Fences:
    """The fences of the stations that are in a handshake with this gateway.

    Between its admission and its first moment in the gateway, a connection can be replaced by a newer one on
    another gateway, and its station can lose its access. Nobody could be told so then. So a handshake gets
    its fence before it asks for admission, and the connection looks at it when it begins.
    """

    def __init__(self) -> None:
        self._by_station: WeakValueDictionary[str, Fence] = WeakValueDictionary()

    def of(self, station_id: str) -> Fence:
        """The fence of this station, which is kept up to date for as long as the caller holds it."""
        fence = self._by_station.get(station_id)
        if fence is None:
            fence = self._by_station[station_id] = Fence()
        return fence

    def exclude(self, station_id: str, least_id: str, code: int, reason: str) -> None:
        """Does nothing where nobody holds the fence of this station."""
        if (fence := self._by_station.get(station_id)) is not None:
            fence.exclude(least_id, code, reason)

    def decided(self, station_id: str, decision: RegistrationStatusChanged) -> None:
        """Does nothing where nobody holds the fence of this station. An earlier decision that comes later is
        lost, so it cannot hide the newer one.
        """
        fence = self._by_station.get(station_id)
        if fence is not None and (fence.decision is None or fence.decision.number < decision.number):
            fence.decision = decision


@dataclass(frozen=True, slots=True)
class Admitted:
    """The result of a handshake: a connection that is to be served."""

    connection: Connection
    registration: Registration
    """What the station may send."""
    fence: Fence
    subprotocol: str | None = None
    """What the response names as Sec-WebSocket-Protocol, as the station spelled it; None if it offered none.
    """
    refused_rules: frozenset[str] = frozenset()
    """Rules of leniency that are switched off for the station. Names that no rule has mean nothing."""
    answer_timeout: float | None = None
    """Seconds that this station has to answer a command; None is the usual time."""


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
