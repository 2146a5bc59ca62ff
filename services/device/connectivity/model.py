"""The connection and the connectors of a station. The result does not depend on the order of messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from pydantic import Field

from libs.csms.clock import Time, latest
from libs.csms.errors import Unavailable
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages.message import Message

LAST_SEEN_INTERVAL = timedelta(minutes=1)
"""``last_seen`` is written at most once in this time."""

TAKEOVER_INTERVAL = timedelta(seconds=10)
"""A connection that ended another one is not ended by a third one before this time has passed."""

ABNORMAL_CLOSURE = 1006
"""The WebSocket close code of a connection that ended without one (RFC 6455, section 7.4.1)."""


class TooManyConnections(Unavailable):
    """Devices with the same identity end each other's connections, or one device opens several."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"another device is connected with this identity; try again in {retry_after} s",
            retry_after=retry_after,
        )


class Connector(Document):
    """A connector as its station reported it last. It stays while the station is not connected."""

    station_id: str = Field(description="The station of the connector.")
    evse_id: int = Field(
        description="Number of the EVSE (evseId of 2.x, connectorId of 1.6); 0 is the whole station of 1.6."
    )
    connector_id: int = Field(description="Number of the connector within its EVSE; connectorId of 1.6.")
    status: str = Field(description="ChargePointStatus of 1.6, or ConnectorStatusEnumType of 2.x.")
    reported_at: Time = Field(description="When the gateway received the report.")
    station_timestamp: str | None = Field(
        default=None, description="The time of the status, as the station wrote it (timestamp)."
    )
    error_code: str | None = Field(default=None, description="ChargePointErrorCode of 1.6.")
    info: str | None = Field(default=None, description="The station's text about the error (info of 1.6).")
    vendor_id: str | None = Field(
        default=None, description="The vendor whose error code it is (vendorId of 1.6)."
    )
    vendor_error_code: str | None = Field(
        default=None, description="The vendor's error code (vendorErrorCode of 1.6)."
    )

    repairs: list[str] | None = Field(
        default=None,
        description="How the report departed from OCPP: each rule that made it valid, with its place.",
    )
    available_since: Time | None = Field(
        default=None,
        description="When the gateway received the report that it is Available, if it was not before.",
    )

    @property
    def key(self) -> str:
        return composite_id(self.station_id, self.evse_id, self.connector_id)

    def merge(self, report: Connector) -> Connector:
        """The newer report wins."""
        if report.reported_at < self.reported_at:
            return self
        merged = report.changed(available_since=self._available_since(report))
        return self if merged == self else merged

    def _available_since(self, report: Connector) -> datetime | None:
        if report.status != "Available":
            return None
        return self.available_since if self.status == "Available" else report.reported_at


class Connection(Document):
    """The newest connection of a station, open or not."""

    station_id: str = Field(description="The station that connected.")
    connection_id: str = Field(
        default="", description="Id of the connection; of two, the greater id is that of the newer."
    )
    gateway_id: str = Field(default="", description="The gateway process that holds or held the connection.")
    ocpp_version: str | None = Field(
        default=None, description="The WebSocket subprotocol: ocpp1.6, ocpp2.0.1 or ocpp2.1."
    )
    inbox: str = Field(
        default="", description="The topic for its commands; empty if that is <Action>Request."
    )
    connected: bool = Field(default=False, description="Whether the connection is open.")
    connected_at: Time | None = Field(default=None, description="When the connection began.")
    absent_since: Time | None = Field(
        default=None,
        description="When the last of the earlier connections ended, if that is known.",
    )
    disconnected_at: Time | None = Field(default=None, description="When the connection ended.")
    close_code: int | None = Field(default=None, description="WebSocket close code (RFC 6455, section 7.4).")
    close_reason: str | None = Field(default=None, description="Reason in the WebSocket close frame.")
    remote_address: str | None = Field(
        default=None,
        description="Address of the client, and its port where it is known; of a proxy in front unless it is"
        " in CSMS_TRUSTED_PROXIES.",
    )
    last_seen: Time | None = Field(
        default=None, description="When the last message was received, to five minutes."
    )
    admission_number: int = Field(
        default=0, description="Number of the newest connection of the station that was admitted."
    )

    @classmethod
    def of_call(cls, message: Message, at: datetime) -> Connection:
        """The connection that a call of a station was received over."""
        by_action = message.reply_to in ("", f"{message.action}Response")
        return cls(
            station_id=message.station_id,
            connection_id=message.connection_id,
            gateway_id=message.gateway_id,
            ocpp_version=message.ocpp_version,
            inbox="" if by_action else message.reply_to,
            connected=True,
            connected_at=at,
            last_seen=at,
        )

    def admitted(self, at: datetime) -> Connection:
        """Number a connection that has been admitted. The number grows even if the clock goes back.

        Raises ``TooManyConnections`` where it would end an open one too soon: two devices with one identity
        would end each other's connections for ever. A station whose network fails twice waits no longer.
        """
        if self.connected and self._has_ended_another and self.connected_at is not None:
            wait = self.connected_at + TAKEOVER_INTERVAL - at
            if timedelta() < wait <= TAKEOVER_INTERVAL:
                raise TooManyConnections(ceil(wait.total_seconds()))
        return self.changed(admission_number=max(self.admission_number + 1, int(at.timestamp() * 1000)))

    @property
    def _has_ended_another(self) -> bool:
        """Whether an earlier connection of the station was still open when this one began."""
        began, ended = self.connected_at, self.absent_since
        return began is not None and ended is not None and ended >= began

    def opened(self, newer: Connection) -> Connection:
        """The station has opened this connection. It stays closed if its end is known already."""
        if newer.connection_id < self.connection_id:
            return self
        opened = newer.changed(
            last_seen=latest(self.last_seen, newer.last_seen),
            absent_since=latest(self.absent_since, self.disconnected_at),
            admission_number=self.admission_number,
        )
        if newer.connection_id == self.connection_id:
            opened = opened.changed(
                connected=self.connected,
                disconnected_at=self.disconnected_at,
                close_code=self.close_code,
                close_reason=self.close_reason,
                absent_since=self.absent_since,
            )
        return self if opened == self else opened

    def closed(self, ended: Connection) -> Connection:
        """This connection has ended. The end of an older one only counts for ``absent_since``."""
        if ended.connection_id < self.connection_id:
            return self.changed(absent_since=latest(self.absent_since, ended.disconnected_at))
        absent_since = latest(self.absent_since, self.disconnected_at)
        known = (
            self if ended.connection_id == self.connection_id else ended.changed(absent_since=absent_since)
        )
        return known.changed(
            connected=ended.connected,
            disconnected_at=ended.disconnected_at,
            close_code=ended.close_code,
            close_reason=ended.close_reason,
            last_seen=latest(self.last_seen, ended.last_seen),
            admission_number=self.admission_number,
        )

    def lost(self, gateway_id: str, horizon: datetime, at: datetime) -> Connection:
        """Its gateway has been silent since ``horizon``. Nothing changes if the station was seen later."""
        shown = latest(self.connected_at, self.last_seen)
        if not self.connected or self.gateway_id != gateway_id or (shown and shown >= horizon):
            return self
        return self.changed(
            connected=False, disconnected_at=at, close_code=ABNORMAL_CLOSURE, close_reason="gateway lost"
        )

    def touch(self, connection_id: str, at: datetime) -> Connection:
        """A message was received. If its connection counts as ended before that, the connection is open."""
        ended = self.disconnected_at if connection_id == self.connection_id else None
        if not self.connected and ended is not None and at > ended:
            return self.changed(
                connected=True,
                disconnected_at=None,
                close_code=None,
                close_reason=None,
                last_seen=latest(self.last_seen, at),
            )
        return self.seen(at)

    def seen(self, at: datetime) -> Connection:
        """The station was alive then, which says nothing about which of its connections is open."""
        if self.last_seen is not None and at - self.last_seen < LAST_SEEN_INTERVAL:
            return self
        return self.changed(last_seen=at)

    def was_absent(self, minimum: timedelta) -> bool:
        """Whether the station was without connection for at least this time before this one began."""
        if self.absent_since is None or self.connected_at is None:
            return False
        return self.connected_at - self.absent_since >= minimum
