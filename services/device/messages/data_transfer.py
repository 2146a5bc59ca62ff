"""DataTransfer as an extension point: functions by vendor and message.

A module in ``handlers`` is enough to answer one::

    @data_transfer("com.example", "GetTariff")
    async def get_tariff(transfer: Transfer, messages: Messages) -> Reply:
        return Reply("Accepted", {"perKwh": 0.42})
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from .service import Messages


class Transfer(NamedTuple):
    """A DataTransfer request of a station. ``data`` is any JSON value in 2.x, and text in 1.6.
    ``received_at`` is the same in every delivery of the message.
    """

    station_id: str
    vendor_id: str
    message_id: str | None
    data: Any
    received_at: datetime


class Reply(NamedTuple):
    """``data`` is any JSON value; stations of 1.6 get it as text."""

    status: Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
    data: Any = None


Extension = Callable[[Transfer, "Messages"], Awaitable[Reply]]


@dataclass(frozen=True)
class Extensions:
    """Functions by vendor id, then message id. Both are compared without regard to case."""

    known: dict[str, dict[str, Extension]]

    def on(self, vendor_id: str, message_id: str | None = None) -> Callable[[Extension], Extension]:
        """Register a function, which may be called again with the same transfer. Without ``message_id`` it
        answers the transfers that have none.
        """

        def register(extension: Extension) -> Extension:
            messages = self.known.setdefault(vendor_id.casefold(), {})
            if messages.setdefault((message_id or "").casefold(), extension) is not extension:
                raise ValueError(f"{vendor_id} {message_id} already has a function")
            return extension

        return register

    async def answer(self, transfer: Transfer, messages: Messages) -> Reply:
        extensions = self.known.get(transfer.vendor_id.casefold())
        if extensions is None:
            return Reply("UnknownVendorId")
        extension = extensions.get((transfer.message_id or "").casefold())
        return await extension(transfer, messages) if extension else Reply("UnknownMessageId")


extensions = Extensions({})
data_transfer = extensions.on
