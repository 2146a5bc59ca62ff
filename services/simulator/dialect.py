"""What a station says, whatever the version that it says it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from libs.ocpp_messages.action import Action
from libs.ocpp_messages.version import Version

from .transaction import Reading, Transaction

Status = Literal["Available", "Preparing", "Charging", "Finishing", "Unavailable"]
"""Of a connector, as 1.6 names it."""


@dataclass(frozen=True)
class Request:
    action: Action[Any, Any]
    payload: Any


class Dialect(Protocol):
    """Makes requests of one version and reads their answers, which are of the types of that version."""

    version: Version
    first_connector: int
    """0 where the station itself has a status, else 1."""

    def boot(self, station_id: str, reason: str) -> Request: ...

    def heartbeat(self) -> Request: ...

    def status(self, connector: int, status: Status, at: datetime) -> Request: ...

    def status_name(self, status: Status) -> str: ...

    def authorize(self, id_tag: str) -> Request: ...

    def transaction_id(self) -> str:
        """Of a new transaction; empty where the CSMS gives it."""
        ...

    def started(self, transaction: Transaction, reading: Reading) -> Request: ...

    def metered(self, transaction: Transaction, reading: Reading) -> Request: ...

    def ended(self, transaction: Transaction, reading: Reading) -> Request: ...

    def accept(self, transaction: Transaction, answer: Any) -> None:
        """Take what the answer to ``started`` says: its id, and whether it must end at once."""
        ...

    def authorized(self, answer: Any) -> bool: ...
