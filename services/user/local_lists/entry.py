"""One token on one station's list: what is wanted, and what the station has confirmed. No I/O."""

from __future__ import annotations

import hashlib
import json
from typing import Literal
from urllib.parse import quote

from libs.csms.clock import Time, rfc3339
from libs.csms.store import Document, Json
from libs.ocpp_messages.version import Version

from ..model import IdToken

UpdateType = Literal["Full", "Differential"]

LONGEST_GROUP = {Version.V16: 20, Version.V201: 36, Version.V21: 255}
STATUSES = {"Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown"}


class Info(Document):
    """What a station is told about a token, in words of no version."""

    status: str
    expiry_date_time: Time | None = None
    group_id_token: str | None = None

    @classmethod
    def of(cls, token: IdToken, version: Version) -> Info:
        """A group that the version cannot carry is left out. A status for some places only is Invalid."""
        group = token.group_id_token
        return cls(
            status=token.status if token.status in STATUSES else "Invalid",
            expiry_date_time=token.expiry_date_time,
            group_id_token=group if group and len(group) <= LONGEST_GROUP[version] else None,
        )


class Item(Document):
    """An entry in a message, which without ``info`` takes the token away. ``stamp`` is the entry's then."""

    token: str
    stamp: int
    id_token: str
    type: str
    info: Info | None = None

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


class Entry(Document):
    """``token`` is the id of the token's document.

    The station holds what it confirmed at ``version``: ``type`` and ``digest``, or nothing unless ``held``.
    ``told`` is that version too, or 0 as soon as something is wanted that the station may not have: of
    which ``stamp`` counts the times.
    """

    station_id: str
    token: str
    id_token: str
    wanted: bool = False
    stamp: int = 0
    told: int = 0
    version: int = 0
    held: bool = False
    type: str = ""
    digest: str = ""

    @property
    def key(self) -> str:
        return key(self.station_id, self.token)

    def is_held(self, epoch: int) -> bool:
        """``epoch`` is the version of the latest full list, which forgot all before it."""
        return self.held and self.version >= epoch

    def wished(self, id_token: str) -> Entry:
        if self.wanted and self.id_token == id_token:
            return self
        return self.doubted().model_copy(update={"wanted": True, "id_token": id_token})

    def unwished(self) -> Entry:
        return self.doubted().model_copy(update={"wanted": False}) if self.wanted else self

    def doubted(self) -> Entry:
        """The token has changed."""
        return self.model_copy(update={"stamp": self.stamp + 1, "told": 0})

    def confirmed(self, item: Item, version: int) -> Entry:
        """The station has taken the item. What was wished meanwhile is still to be told."""
        if version <= self.version:
            return self
        held = {"type": item.type, "digest": item.digest} if item.info is not None else {}
        told = version if item.stamp == self.stamp and self._is_done(item) else 0
        return self.model_copy(
            update={"version": version, "held": item.info is not None, "told": told, **held}
        )

    def _is_done(self, item: Item) -> bool:
        return self.wanted is (item.info is not None)

    def settled(self, stamp: int, version: int) -> Entry:
        """The station has what is wanted, as it turns out."""
        return self.model_copy(update={"told": version}) if stamp == self.stamp else self


class Message(Document):
    """A SendLocalList as it was asked for first, so that it can be asked for again. It never changes.

    No two are alike, as ``life`` tells a list from the one that the station had before.
    """

    station_id: str
    life: str
    version: int
    update_type: UpdateType
    items: tuple[Item, ...]

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


class TokenChange(Document):
    """A token was about to be changed at that time; its entries may not know it yet."""

    id: str
    token: str
    at: Time


def key(station_id: str, token: str) -> str:
    return f"{quote(station_id, safe='')}:{quote(token, safe='')}"
