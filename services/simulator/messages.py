"""What a station sends in every OCPP version: its transactions, meter readings, and the requests of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from libs.ocpp_messages.action import Action
from libs.ocpp_messages.version import Version

ConnectorStatus = Literal["Available", "Preparing", "Charging", "Finishing", "Unavailable", "Faulted"]
"""In the words of 1.6, of which 2.x has fewer."""


@dataclass(frozen=True)
class Identity:
    """What a station says of itself when it boots."""

    vendor: str
    model: str
    """Empty where the version of OCPP is to be told instead."""
    firmware: str


SIMULATOR = Identity("Simulator", "", "1.0")


@dataclass(frozen=True)
class Request:
    action: Action[Any, Any]
    payload: Any
    """Of the type that the action's requests have."""


@dataclass(frozen=True)
class Reading:
    """The meter of a connector at one moment of a transaction."""

    at: datetime
    register_wh: int
    """Energy.Active.Import.Register, in Wh."""
    power_w: int
    """Power.Active.Import, in W."""
    seq_no: int
    """Counts the readings of the transaction from 0 (``seqNo`` of a TransactionEvent)."""
    offline: bool
    """Taken while the station was offline."""
    soc: int | None = None
    """State of charge of the vehicle in percent, where the station knows it."""


@dataclass
class Transaction:
    connector: int
    """From 1. In 2.x it is the EVSE, which has one connector."""
    id_tag: str
    id: str
    """Empty until the CSMS has given one, as it does in 1.6."""
    remote_start_id: int | None = None
    """Of the RequestStartTransaction that started it, in 2.x."""
    stop_reason: str = "Local"
    next_seq_no: int = 0
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, reason: str) -> None:
        """Asks the connector to end it. The first reason stays."""
        if not self._stopped.is_set():
            self.stop_reason = reason
            self._stopped.set()

    @property
    def stopping(self) -> bool:
        return self._stopped.is_set()

    async def stopped_within(self, seconds: float) -> None:
        """Returns after ``seconds``, or as soon as somebody stops the transaction."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    def read(
        self, at: datetime, register_wh: int, power_w: int, online: asyncio.Event, soc: int | None = None
    ) -> Reading:
        seq_no, self.next_seq_no = self.next_seq_no, self.next_seq_no + 1
        return Reading(at, register_wh, power_w, seq_no, not online.is_set(), soc)


class VersionMessages(Protocol):
    """Makes the requests of one OCPP version, and reads their responses, which have its types."""

    version: Version
    first_connector: int
    """0 where the station itself has a status, as in 1.6, else 1."""

    def boot_notification(self, station_id: str, reason: str) -> Request: ...

    def heartbeat(self) -> Request: ...

    def status_notification(self, connector: int, status: ConnectorStatus, at: datetime) -> Request: ...

    def status_name(self, status: ConnectorStatus) -> str:
        """As the version names it."""
        ...

    def authorize(self, id_tag: str) -> Request: ...

    def new_transaction_id(self) -> str:
        """Empty where the CSMS gives it."""
        ...

    def transaction_started(self, transaction: Transaction, reading: Reading) -> Request: ...

    def meter_values(self, transaction: Transaction, reading: Reading) -> Request: ...

    def transaction_ended(self, transaction: Transaction, reading: Reading) -> Request: ...

    def apply_start_response(self, transaction: Transaction, response: Any) -> None:
        """Gives the transaction its id, and stops it where the response does not accept the token."""
        ...

    def is_accepted(self, response: Any) -> bool:
        """Whether a response accepts the token of its request."""
        ...
