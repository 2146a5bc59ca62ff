"""A connector as it is shown: with whether its station is connected."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from libs.csms.clock import Time

from .model import Connection, Connector


class ConnectorView(Connector):
    connected: bool = Field(description="Whether its station is connected, so that the status is current.")
    disconnected_at: Time | None = Field(default=None, description="Since when its station is not connected.")

    @classmethod
    def of(cls, connector: Connector, connection: Connection) -> Self:
        since = None if connection.connected else connection.disconnected_at
        return cls(**dict(connector), connected=connection.connected, disconnected_at=since)
