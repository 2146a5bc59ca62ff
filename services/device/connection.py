"""A station's connection and its connectors: news of them may arrive in any order, with the same result."""

from __future__ import annotations

from datetime import datetime, timedelta

from libs.csms.clock import Time, latest
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Index, filters
from libs.ocpp_messages.message import Message

SEEN_EVERY = timedelta(minutes=1)
"""``last_seen`` is written no more often."""

ABNORMAL = 1006
"""The WebSocket close code of a connection that ended without one."""

INDEXES = [
    Index(("connected",), "gatewayId"),
    Index((), "greetAt"),
    *filters("connected", "gatewayId", "ocppVersion"),
]


class Connector(Document):
    """A connector, as its station reported it last.

    ``status`` is the reported one if it was reported on the station's connection of now. Otherwise it is
    Unavailable, until it is reported again: ``offline_since`` is then when that connection began, or ended.
    EVSE 0 is the whole station. ``reported_at`` is the gateway's time, ``station_timestamp`` what the
    station wrote.
    """

    station_id: str
    evse_id: int
    connector_id: int
    status: str
    reported_status: str
    reported_at: Time
    station_timestamp: str | None = None
    error_code: str | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None
    offline_since: Time | None = None

    @property
    def key(self) -> str:
        return composite_id(self.station_id, self.evse_id, self.connector_id)

    def reported(self, report: Connector) -> Connector:
        """The newer report wins."""
        if report.reported_at < self.reported_at:
            return self
        reported = report.unseen(self.offline_since) if self.offline_since else report
        return self if reported == self else reported

    def unseen(self, since: datetime) -> Connector:
        """Unavailable, unless it has been reported since."""
        if self.reported_at >= since:
            changed = self.changed(status=self.reported_status, offline_since=None)
        else:
            changed = self.changed(status="Unavailable", offline_since=since)
        return self if changed == self else changed


class Connection(Document):
    """The newest connection of a station, open or not. Of two connections the greater id is the newer one.

    ``greet_at`` is when the CSMS is to ask what it wants to know of the station, absent if that is nothing.

    ``inbox`` is the topic for its commands, empty where they go to ``<Action>Request``.
    """

    station_id: str
    connection_id: str = ""
    gateway_id: str = ""
    ocpp_version: str | None = None
    inbox: str = ""
    connected: bool = False
    connected_at: Time | None = None
    disconnected_at: Time | None = None
    close_code: int | None = None
    close_reason: str | None = None
    remote_address: str | None = None
    last_seen: Time | None = None
    greet_at: Time | None = None

    @classmethod
    def told_by(cls, message: Message, at: datetime) -> Connection:
        """The connection that a station's call came over."""
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

    def opened(self, newer: Connection) -> Connection:
        """A connection that is known to have ended stays ended."""
        if newer.connection_id < self.connection_id:
            return self
        last_seen = latest(self.last_seen, newer.last_seen)
        opened = newer.changed(last_seen=last_seen)
        if newer.connection_id == self.connection_id:
            kept = ("connected", "disconnected_at", "greet_at", *_CLOSE)
            ended = {name: getattr(self, name) for name in kept}
            opened = opened.model_copy(update=ended)
        return self if opened == self else opened

    def closed(self, ended: Connection) -> Connection:
        if ended.connection_id < self.connection_id:
            return self
        known = self if ended.connection_id == self.connection_id else ended
        update = {name: getattr(ended, name) for name in ("connected", "disconnected_at", *_CLOSE)}
        last_seen = latest(self.last_seen, ended.last_seen)
        closed = known.model_copy(update=update | {"last_seen": last_seen})
        return self if closed == self else closed

    def lost(self, gateway_id: str, horizon: datetime, at: datetime) -> Connection:
        """Its gateway has been silent since before ``horizon``. Nothing changes if the station was seen."""
        shown = latest(self.connected_at, self.last_seen)
        if not self.connected or self.gateway_id != gateway_id or (shown and shown >= horizon):
            return self
        close = {"close_code": ABNORMAL, "close_reason": "gateway lost"}
        return self.model_copy(update={"connected": False, "disconnected_at": at} | close)

    def seen(self, connection_id: str, at: datetime) -> Connection:
        """A message that is newer than the end of its own connection shows that the gateway was not lost."""
        ended = self.disconnected_at if connection_id == self.connection_id else None
        if not self.connected and ended is not None and at > ended:
            reopened = {"connected": True, "disconnected_at": None, "close_code": None, "close_reason": None}
            return self.model_copy(update=reopened | {"last_seen": latest(self.last_seen, at)})
        if self.last_seen is not None and at - self.last_seen < SEEN_EVERY:
            return self
        return self.changed(last_seen=at)

    def to_be_greeted(self, connection_id: str, at: datetime) -> Connection:
        """Unless that connection is not this one: then what is asked is asked later, or over a newer one."""
        if connection_id != self.connection_id or self.greet_at == at:
            return self
        return self.changed(greet_at=at)

    def greeted(self, since: Connection) -> Connection:
        if (self.connection_id, self.greet_at) != (since.connection_id, since.greet_at):
            return self
        return self.changed(greet_at=None)

    def is_as_open_as(self, other: Connection) -> bool:
        return (self.connection_id, self.connected) == (other.connection_id, other.connected)

    def governs(self, connector: Connector) -> Connector:
        """The connector as it is to be shown with this connection."""
        since = self.connected_at if self.connected else self.disconnected_at
        return connector.unseen(since) if since else connector


_CLOSE = ("close_code", "close_reason")
