"""A SendLocalList, and what it tells of each token. No I/O."""

from __future__ import annotations

import hashlib
import json
from typing import Literal
from urllib.parse import quote

from libs.csms.clients.authorization import group_for
from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages.version import Version

from ..model import IdToken

UpdateType = Literal["Full", "Differential"]

STATUSES = {"Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown"}


class IdTokenInfo(Document):
    """What a station is told about a token, in words of no version."""

    status: str
    expiry_date_time: Time | None = None
    group_id_token: str | None = None

    @classmethod
    def of(cls, token: IdToken, version: Version) -> IdTokenInfo:
        """A status for some places only is Invalid."""
        return cls(
            status=token.status if token.status in STATUSES else "Invalid",
            expiry_date_time=token.expiry_date_time,
            group_id_token=group_for(version, token.group_id_token),
        )


class AuthorizationData(Document):
    """An entry in a message, which without ``info`` takes the token away. ``stamp`` is the entry's then."""

    token: str
    stamp: int
    id_token: str
    type: str
    info: IdTokenInfo | None = None

    @property
    def digest(self) -> str:
        told = json.dumps([self.id_token.casefold(), self.type.casefold(), self._info()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def body(self) -> Json:
        info = {} if self.info is None else {"idTokenInfo": self._info()}
        return {"idToken": self.id_token, "type": self.type} | info

    def _info(self) -> Json | None:
        if self.info is None:
            return None
        expiry = self.info.expiry_date_time
        told = {
            "status": self.info.status,
            "expiryDateTime": None if expiry is None else rfc3339(expiry),
            "groupIdToken": self.info.group_id_token,
        }
        return {name: value for name, value in told.items() if value is not None}


class Message(Document):
    """A SendLocalList as it was asked for first, so that it can be asked for again. It never changes.

    No two are alike, as ``life`` tells a list from the one that the station had before.
    """

    station_id: str
    life: str
    version: int
    update_type: UpdateType
    items: tuple[AuthorizationData, ...]

    @property
    def key(self) -> str:
        return f"{quote(self.station_id, safe='')}:{self.idempotency_key}"

    @property
    def idempotency_key(self) -> str:
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]
        return f"local-list:{self.version}:{digest}"

    def body(self) -> Json:
        return {
            "versionNumber": self.version,
            "updateType": self.update_type,
            "localAuthorizationList": [item.body() for item in self.items],
        }
