"""A token, such as an RFID card, and what it may do. Knows under which id a token is stored."""

from __future__ import annotations

import hashlib
from datetime import datetime

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.pepper import Pepper
from libs.csms.secrets import is_secret_token_type
from libs.csms.storage.store import Document
from libs.ocpp_messages.mappings import TokenStatus


class IdToken(Document):
    """A token as it is stored and shown."""

    id_token: str | None = Field(
        default=None,
        description="The text of the token, as it was registered. Absent for a KeyCode: it is a PIN, of "
        "which only a hash with the pepper is stored, as the id of the document.",
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


def token_key(id_token: str) -> str:
    """The document id of a token that is no KeyCode. Tokens are compared without regard to case."""
    return id_token.casefold()


def key_code_key(id_token: str, pepper: Pepper) -> str:
    """The document id of a KeyCode. Its hash has no salt, as the token is found by it."""
    return f"keycode:{pepper.scheme}:{pepper.digest('KeyCode', id_token.casefold().encode())}"


def old_key_code_key(id_token: str) -> str:
    """Where earlier versions stored a KeyCode, by a hash without the pepper."""
    return "keycode:" + hashlib.sha256(f"KeyCode:{id_token.casefold()}".encode()).hexdigest()


def may_be_key_code(type_: str | None) -> bool:
    """None is a token of OCPP 1.6, whose stations with a keypad send a PIN as an idTag."""
    return type_ is None or is_secret_token_type(type_)
