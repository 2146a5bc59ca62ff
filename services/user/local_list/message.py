"""A SendLocalList that reads the same for every version of OCPP. No I/O."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import orjson
from pydantic import Field

from libs.csms.clients.authorization import group_id_token_for
from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages.version import Version

from ..tokens.model import IdToken, token_key

UpdateType = Literal["Full", "Differential"]

LIST_STATUSES = {"Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown"}
"""A status for some places or times only is Invalid in a list."""


class Entry(Document):
    """AuthorizationData: what a SendLocalList says of one token."""

    id_token: str = Field(description="The text of the token.")
    type: str = Field(description="IdTokenEnumType.")
    status: str | None = Field(
        default=None, description="AuthorizationStatusEnumType; absent: the station is to remove the token."
    )
    expiry_date_time: Time | None = Field(default=None, description="cacheExpiryDateTime, in 1.6 expiryDate.")
    group_id_token: str | None = Field(default=None, description="groupIdToken, in 1.6 parentIdTag.")

    @classmethod
    def of(cls, token: IdToken, version: Version) -> Entry:
        """For a station that speaks this version."""
        return cls(
            id_token=token.id_token or "",
            type=token.type,
            status=token.status if token.status in LIST_STATUSES else "Invalid",
            expiry_date_time=token.expiry_date_time,
            group_id_token=group_id_token_for(version, token.group_id_token),
        )

    @property
    def key(self) -> str:
        return token_key(self.id_token)

    @property
    def digest(self) -> str:
        """The same for whatever is the same for the station."""
        content = orjson.dumps([self.key, self.type.casefold(), self.body().get("idTokenInfo")])
        return sha256(content).hexdigest()[:16]

    def body(self) -> Json:
        token = {"idToken": self.id_token, "type": self.type}
        if self.status is None:
            return token
        info = {"status": self.status}
        if self.expiry_date_time is not None:
            info["expiryDateTime"] = rfc3339(self.expiry_date_time)
        if self.group_id_token is not None:
            info["groupIdToken"] = self.group_id_token
        return token | {"idTokenInfo": info}


class SendLocalList(Document):
    """A message that the station needs next. It never changes, so that it can be requested again."""

    version: int = Field(description="versionNumber, in 1.6 listVersion.")
    update_type: UpdateType = Field(description="Full replaces the station's list, Differential changes it.")
    entries: tuple[Entry, ...] = Field(description="localAuthorizationList.")

    def body(self) -> Json:
        return {
            "versionNumber": self.version,
            "updateType": self.update_type,
            "localAuthorizationList": [entry.body() for entry in self.entries],
        }
