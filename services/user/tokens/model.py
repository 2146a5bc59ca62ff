"""A token, such as an RFID card, and what it may do. Knows under which id a token is stored."""

from __future__ import annotations

import hashlib
from datetime import datetime

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.secrets import is_secret_token_type
from libs.csms.storage.store import Document
from libs.ocpp_messages.mappings import TokenStatus


class IdToken(Document):
    """A token as it is stored and shown."""

    id_token: str | None = Field(
        default=None,
        description="The text of the token, as it was registered. Absent for a KeyCode: it is a PIN, of "
        "which only a hash is stored, as the id of the document. From the hash a short PIN can be guessed.",
    )
    type: str = Field(
        default="ISO14443", description="IdTokenEnumType of OCPP 2.x; stations of 1.6 know no types."
    )
    status: TokenStatus = Field(
        default="Accepted", description="AuthorizationStatusEnumType that stations are told."
    )
    expiry_date_time: Time | None = Field(
        default=None,
        description="From this time on the status is Expired. Absent: the token does not expire.",
    )
    group_id_token: str | None = Field(
        default=None,
        description="The group of the token (groupIdToken, in 1.6 parentIdTag): its tokens may end each "
        "other's transactions.",
    )
    max_active_transactions: int = Field(
        default=0, description="So many transactions may be active with this token at a time; 0 is no limit."
    )
    note: str | None = Field(default=None, description="For people; no station is told.")

    def is_of(self, type_: str | None) -> bool:
        """Types are identifiers, which OCPP compares without regard to case. None is any."""
        return type_ is None or type_.casefold() == self.type.casefold()

    def status_at(self, now: datetime) -> TokenStatus:
        if self.expiry_date_time is not None and self.expiry_date_time <= now:
            return "Expired"
        return self.status


def token_key(id_token: str, type_: str | None = None) -> str:
    """The document id of a token. Tokens are compared without regard to case, and have one type each."""
    folded = id_token.casefold()
    return _hashed(folded) if is_secret_token_type(type_) else folded


def token_keys(id_token: str, type_: str | None) -> list[str]:
    """Where a token of this text may be stored, if its type is None."""
    if type_ is not None:
        return [token_key(id_token, type_)]
    return [token_key(id_token), token_key(id_token, "KeyCode")]


def _hashed(folded: str) -> str:
    return "keycode:" + hashlib.sha256(f"KeyCode:{folded}".encode()).hexdigest()
