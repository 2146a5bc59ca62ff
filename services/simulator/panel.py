"""What commands can see and do of a station."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from libs.ocpp_messages.version import Version

from .configuration import Configuration, settings_2, settings_16
from .connection import Lost, Refused
from .connector import Connector
from .dialect import Request
from .equipment import Equipment
from .heart import Heart
from .transaction import Transaction


class Panel:
    def __init__(self, equipment: Equipment, connectors: Sequence[Connector], heart: Heart) -> None:
        self.version = equipment.dialect.version
        settings = settings_16 if self.version is Version.V16 else settings_2
        self.configuration = Configuration(settings(len(connectors)))
        self._dialect = equipment.dialect
        self._link = equipment.link
        self._outbox = equipment.outbox
        self._connectors = connectors
        self._heart = heart

    @property
    def charging(self) -> bool:
        return any(connector.transaction for connector in self._connectors)

    @property
    def undelivered(self) -> int:
        return len(self._outbox)

    def free_connector(self, id: int | None) -> Connector | None:
        """None while the station may not start transactions."""
        if not self._link.online.is_set():
            return None
        return next((c for c in self._connectors if c.free and id in (None, c.id)), None)

    def connectors_of(self, id: int) -> Sequence[Connector]:
        """0 stands for all of them."""
        return [connector for connector in self._connectors if id in (0, connector.id)]

    def transaction(self, id: str) -> Transaction | None:
        transactions = [c.transaction for c in self._connectors if c.transaction]
        return next((transaction for transaction in transactions if transaction.id == id), None)

    def stop(self, transaction_id: str, reason: str) -> bool:
        """Whether there is such a transaction."""
        transaction = self.transaction(transaction_id)
        if transaction:
            transaction.stop(reason)
        return transaction is not None

    async def put_into_service(self, connectors: Sequence[Connector]) -> None:
        for connector in connectors:
            await connector.put_into_service()

    async def put_out_of_service(self, connectors: Sequence[Connector]) -> None:
        for connector in connectors:
            await connector.put_out_of_service()

    async def reset(self, type_: str) -> None:
        """Stop what is charging, unless the type says to resume, then disconnect and boot."""
        if type_ != "ImmediateAndResume":
            for connector in self._connectors:
                if connector.transaction:
                    connector.transaction.stop(type_)
        self._link.boot_again("RemoteReset")
        await self._link.drop()

    async def reset_when_idle(self) -> None:
        for connector in self._connectors:
            await connector.left()
        await self.reset("OnIdle")

    async def use_password(self, password: bytes) -> None:
        self._link.password = password
        await self._link.drop()

    def beat_every(self, seconds: float) -> None:
        self._heart.beat_every(seconds)

    def triggered(
        self, message: str, connector: int | None
    ) -> Callable[[], Coroutine[Any, Any, None]] | None:
        """What sends the message, or None when the station has none of that name."""
        connectors = self.connectors_of(connector or 0)
        match message:
            case "BootNotification":
                return self._boot
            case "Heartbeat":
                return partial(self.send, self._dialect.heartbeat())
            case "StatusNotification":
                return partial(self._announce, connectors)
            case "MeterValues" | "TransactionEvent":
                return partial(self._measure, connectors)
        return None

    async def send(self, request: Request) -> None:
        """Once, whether it arrives or not."""
        try:
            await self._link.call(request)
        except (Lost, Refused):
            return

    async def _boot(self) -> None:
        self._link.boot_again("Triggered")

    async def _announce(self, connectors: Sequence[Connector]) -> None:
        for connector in connectors:
            await connector.announce()

    async def _measure(self, connectors: Sequence[Connector]) -> None:
        for connector in connectors:
            connector.measure()
