"""What the stations say: 40 % meter values, 30 % statuses, 20 % heartbeats, 10 % authorizations."""

from __future__ import annotations

import random
import re
import time
from typing import Protocol

from . import frames
from .station import Station

VERSIONS = ("ocpp2.0.1", "ocpp1.6")

_MIX = "MMMMSSSHHA"


def id_tag(station_id: str) -> str:
    """The token that is used at this station alone."""
    return f"TAG{station_id[-10:]}"


class Traffic(Protocol):
    """Of one station. What ``boot`` is and ``next`` returns goes behind the message id."""

    boot: bytes

    async def begin(self, station: Station) -> None:
        """Boot and start a transaction."""
        ...

    def next(self) -> bytes: ...


def traffic(station_id: str, version: str) -> Traffic:
    kind: type[Traffic201] | type[Traffic16] = Traffic201 if version == "ocpp2.0.1" else Traffic16
    return kind(station_id, random.Random(station_id))


class _Times:
    """Now, as RFC 3339 with milliseconds: fast, because it is needed for every call."""

    def __init__(self) -> None:
        self._second = 0
        self._text = b""

    def now(self) -> bytes:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        return b"%s.%03dZ" % (self._text, int(now * 1000) % 1000)


_times = _Times()


class Traffic201:
    boot = frames.BOOT_201

    def __init__(self, station_id: str, chance: random.Random) -> None:
        self._mix = "".join(chance.sample(_MIX, len(_MIX)))
        self._tag = id_tag(station_id).encode()
        self._transaction = f"{station_id}-{int(time.time() * 1000):x}".encode()[-36:]
        self._count = 0
        self._seq_no = 0

    async def begin(self, station: Station) -> None:
        await station.ask(self.boot)
        await station.ask(frames.STARTED_201 % (_times.now(), self._transaction, self._tag))

    def next(self) -> bytes:
        self._count += 1
        match self._mix[self._count % 10]:
            case "M":
                self._seq_no += 1
                energy = 100_000 + 10 * self._seq_no
                now = _times.now()
                return frames.UPDATED_201 % (now, self._seq_no, self._transaction, energy, now)
            case "S":
                return frames.STATUS_201 % (_times.now(), b"Occupied" if self._count % 2 else b"Available")
            case "H":
                return frames.HEARTBEAT
            case _:
                return frames.AUTHORIZE_201 % self._tag


class Traffic16:
    boot = frames.BOOT_16

    def __init__(self, station_id: str, chance: random.Random) -> None:
        self._mix = "".join(chance.sample(_MIX, len(_MIX)))
        self._tag = id_tag(station_id).encode()
        self._transaction = 0
        self._count = 0
        self._energy = 100_000

    async def begin(self, station: Station) -> None:
        await station.ask(self.boot)
        answer = await station.ask(frames.START_16 % (self._tag, _times.now()))
        given = re.search(rb'"transactionId":\s*(\d+)', answer)
        self._transaction = int(given.group(1)) if given else -1

    def next(self) -> bytes:
        self._count += 1
        match self._mix[self._count % 10]:
            case "M":
                self._energy += 10
                return frames.METER_VALUES_16 % (self._transaction, _times.now(), self._energy)
            case "S":
                return frames.STATUS_16 % (_times.now(), b"Charging" if self._count % 2 else b"SuspendedEV")
            case "H":
                return frames.HEARTBEAT
            case _:
                return frames.AUTHORIZE_16 % self._tag
