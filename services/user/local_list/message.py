"""A SendLocalList that reads the same for every version of OCPP. No I/O."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Literal

from pydantic import Field

from libs.csms.clients.authorization import group_id_token_for
from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages.version import Version

from ..tokens.model import IdToken

UpdateType = Literal["Full", "Differential"]

LIST_STATUSES = {"Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown"}
"""A status for some places or times only is Invalid in a list."""


class TokenInfo(Document):
    """IdTokenInfoType, in 1.6 IdTagInfo, as far as a local list has it."""

    status: str = Field(description="AuthorizationStatusEnumType.")
    expiry_date_time: Time | None = Field(default=None, description="cacheExpiryDateTime, in 1.6 expiryDate.")
    group_id_token: str | None = Field(default=None, description="groupIdToken, in 1.6 parentIdTag.")


class Entry(Document):
    """AuthorizationData: what a SendLocalList says of one token."""

    id_token: str = Field(description="The text of the token.")
    type: str = Field(description="IdTokenEnumType.")
    info: TokenInfo | None = Field(default=None, description="Absent: the station is to remove the token.")

    @classmethod
    def of(cls, token: IdToken, version: Version) -> Entry:
        """For a station that speaks this version."""
        info = TokenInfo(
            status=token.status if token.status in LIST_STATUSES else "Invalid",
            expiry_date_time=token.expiry_date_time,
            group_id_token=group_id_token_for(version, token.group_id_token),
        )
        return cls(id_token=token.id_token or "", type=token.type, info=info)

    @property
    def key(self) -> str:
        return self.id_token.casefold()

    @property
    def digest(self) -> str:
        content = json.dumps([self.key, self.type.casefold(), self._info()], sort_keys=True)
        return sha256(content.encode()).hexdigest()[:16]

    def body(self) -> Json:
        info = {} if self.info is None else {"idTokenInfo": self._info()}
        return {"idToken": self.id_token, "type": self.type} | info

    def _info(self) -> Json | None:
        if self.info is None:
            return None
        expiry = self.info.expiry_date_time
        fields = {
            "status": self.info.status,
            "expiryDateTime": None if expiry is None else rfc3339(expiry),
            "groupIdToken": self.info.group_id_token,
        }
        return {name: value for name, value in fields.items() if value is not None}


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
