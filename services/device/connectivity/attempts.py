"""Handshakes that gateways refused: the newest of each station and reason, in a bounded number."""

from __future__ import annotations

from hashlib import blake2b

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.messaging.router import Call
from libs.csms.storage.store import Collection, Document, Index, Store
from libs.ocpp_messages.event import ConnectionRefused

MAX_ATTEMPTS = 1_000
"""Documents in all, however many identities a hostile client tries."""

INDEXES = [
    Index((), "lastAt", descending=True),
    Index(("stationId",), "lastAt", descending=True),
    Index(("reason",), "lastAt", descending=True),
]


class ConnectionAttempt(Document):
    """Refused handshakes of one station (or path) with one reason."""

    station_id: str | None = Field(
        default=None,
        description="The id that it connected with; to register the station, POST it to /chargingstations."
        " Absent if the path named no station.",
    )
    path: str | None = Field(
        default=None, description="The path of the request, at most 100 characters, if it named no station."
    )
    reason: str = Field(
        description="`unknownStation`, `wrongSecret`, `weakSecret`, `profileTooLow`, `noSubprotocol`,"
        " `wrongPath`, `badIdentity`, `foreignOrigin`, `tooManyConnections` or `tooManyAttempts`."
    )
    detail: str = Field(description="The reason in words. The gateway may have answered less.")
    remote_address: str = Field(
        description="Address of the client, and its port where it is known; of a proxy in front unless it is"
        " in CSMS_TRUSTED_PROXIES."
    )
    subprotocols: tuple[str, ...] = Field(
        description="What it offered as Sec-WebSocket-Protocol, at most eight names."
    )
    count: int = Field(description="At least how often, since `firstAt`.")
    first_at: Time = Field(description="When the first of them was refused.")
    last_at: Time = Field(description="When the newest of them was refused.")

    @classmethod
    def of(cls, call: Call[ConnectionRefused]) -> ConnectionAttempt:
        refused = call.request
        return cls(
            station_id=call.station_id or None,
            path=refused.path or None,
            reason=refused.reason,
            detail=refused.detail,
            remote_address=refused.remote_address,
            subprotocols=tuple(refused.subprotocols),
            count=refused.count,
            first_at=call.received_at,
            last_at=call.received_at,
        )

    @property
    def slot(self) -> str:
        """Its place among ``MAX_ATTEMPTS``. Where two fall on the same, the newer overwrites the older."""
        text = "\n".join([self.station_id or self.path or "", self.reason])
        return str(int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % MAX_ATTEMPTS)

    def merge(self, newer: ConnectionAttempt) -> ConnectionAttempt:
        """What is not newer changes nothing: it came twice, or late."""
        if newer.last_at <= self.last_at:
            return self
        same = (self.station_id, self.path, self.reason) == (newer.station_id, newer.path, newer.reason)
        return newer.changed(first_at=self.first_at, count=self.count + newer.count) if same else newer


def attempts_of(store: Store) -> Collection[ConnectionAttempt]:
    return store.collection("connectionAttempts", ConnectionAttempt, INDEXES)
