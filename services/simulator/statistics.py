"""What the stations of a simulation count, and its progress and summary made of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field

from .messages import Transaction


@dataclass(frozen=True)
class Progress:
    """Where a simulation stands."""

    stations: int
    """All of the simulation, connected or not."""
    connected: int
    """Stations with an open connection."""
    charging: int
    """Transactions that are going on."""
    sessions: int
    """Transactions that have ended."""
    energy_wh: int
    """Of the ended transactions, in Wh."""
    messages: int
    """Calls that the CSMS answered with a CALLRESULT."""
    errors: int
    """Failed handshakes, CALLERRORs, missing and unreadable answers."""


@dataclass(frozen=True)
class EndedTransaction:
    station_id: str
    transaction_id: str
    """In 1.6 it is empty while the CSMS has not given one."""
    energy_wh: int
    """By the meter of its connector, in Wh."""


@dataclass(frozen=True)
class Summary:
    """What a simulation did."""

    stations: int
    transactions: Sequence[EndedTransaction]
    refused_sessions: int
    """Sessions that did not start because the CSMS did not accept the token."""
    messages: int
    """Calls that the CSMS answered with a CALLRESULT."""
    commands: int
    """Calls that the stations received."""
    reconnects: int
    """Connections after the first of each station."""
    p50: float
    """Median of the seconds from a call to its answer."""
    p99: float
    """99th percentile of the same."""
    lost_messages: int
    """Transaction messages that the CSMS refused until the station gave them up."""
    unreachable_stations: int
    """Stations that gave up connecting."""
    errors: Mapping[str, int]
    """How often each error happened."""

    @property
    def sessions(self) -> int:
        return len(self.transactions)

    @property
    def energy_wh(self) -> int:
        return sum(transaction.energy_wh for transaction in self.transactions)


@dataclass
class Statistics:
    """Shared by the stations of one simulation, which add to it."""

    stations: int
    connected: int = 0
    charging: int = 0
    refused_sessions: int = 0
    commands: int = 0
    connections: int = 0
    """Opened so far, by all stations."""
    lost_messages: int = 0
    unreachable_stations: int = 0
    latencies: MutableSequence[float] = field(default_factory=list)
    """Seconds from each call to its CALLRESULT."""
    errors: Counter[str] = field(default_factory=Counter)
    energy_wh: int = 0
    _ended: list[tuple[str, Transaction, int]] = field(default_factory=list)
    """The transaction itself, for in 1.6 its id may come after its end."""
    _connected_stations: set[str] = field(default_factory=set)
    """Those that were connected at least once."""

    def add_connection(self, station_id: str) -> None:
        self.connections += 1
        self.connected += 1
        self._connected_stations.add(station_id)

    def add_transaction(self, station_id: str, transaction: Transaction, energy_wh: int) -> None:
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
            transactions=[EndedTransaction(station, tx.id, energy) for station, tx, energy in self._ended],
            refused_sessions=self.refused_sessions,
            messages=len(latencies),
            commands=self.commands,
            reconnects=self.connections - len(self._connected_stations),
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
