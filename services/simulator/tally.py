"""What the stations count, and what a simulation reports of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .transaction import Transaction


@dataclass(frozen=True)
class Progress:
    stations: int
    connected: int
    charging: int
    sessions: int
    energy_wh: int
    messages: int
    errors: int


@dataclass(frozen=True)
class Account:
    """One ended transaction by its station's own meter."""

    station_id: str
    transaction_id: str
    energy_wh: int


@dataclass(frozen=True)
class Summary:
    stations: int
    transactions: Sequence[Account]
    refused_sessions: int
    """Sessions that did not start because the CSMS did not accept the token."""
    messages: int
    """Calls that were answered with a CALLRESULT."""
    commands: int
    reconnects: int
    p50: float
    """Seconds from a call to its answer."""
    p99: float
    lost_messages: int
    """Transaction messages that the CSMS refused until the station gave them up."""
    unreachable_stations: int
    errors: Mapping[str, int]

    @property
    def sessions(self) -> int:
        return len(self.transactions)

    @property
    def energy_wh(self) -> int:
        return sum(account.energy_wh for account in self.transactions)


@dataclass
class Tally:
    """Shared by the stations of one simulation."""

    stations: int
    connected: int = 0
    charging: int = 0
    refused_sessions: int = 0
    commands: int = 0
    connections: int = 0
    lost_messages: int = 0
    unreachable_stations: int = 0
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    energy_wh: int = 0
    _ended: list[tuple[str, Transaction, int]] = field(default_factory=list)
    _met: set[str] = field(default_factory=set)

    def met(self, station_id: str) -> None:
        """A station's connection was opened."""
        self.connections += 1
        self.connected += 1
        self._met.add(station_id)

    def ended(self, station_id: str, transaction: Transaction, energy_wh: int) -> None:
        self._ended.append((station_id, transaction, energy_wh))
        self.energy_wh += energy_wh

    def progress(self) -> Progress:
        return Progress(
            stations=self.stations,
            connected=self.connected,
            charging=self.charging,
            sessions=len(self._ended),
            energy_wh=self.energy_wh,
            messages=len(self.latencies),
            errors=self.errors.total(),
        )

    def summary(self) -> Summary:
        latencies = sorted(self.latencies)
        return Summary(
            stations=self.stations,
            transactions=[Account(station, tx.id, energy) for station, tx, energy in self._ended],
            refused_sessions=self.refused_sessions,
            messages=len(latencies),
            commands=self.commands,
            reconnects=self.connections - len(self._met),
            p50=percentile(latencies, 50),
            p99=percentile(latencies, 99),
            lost_messages=self.lost_messages,
            unreachable_stations=self.unreachable_stations,
            errors=dict(self.errors),
        )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Of values in ascending order; 0 when there are none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
