"""A token, such as an RFID card, and what it may do. Knows under which id a token is kept."""

from __future__ import annotations

import hashlib
from datetime import datetime

from libs.csms.clients.authorization import TokenStatus
from libs.csms.clock import Time
from libs.csms.secrets import is_secret_token_type
from libs.csms.storage.store import Document


class IdToken(Document):
    """``max_active_transactions`` 0 is no limit.

    The text of a KeyCode is a PIN: it is not kept, only its hash, as the document's id. That hides it from
    lists, logs and backups; a short PIN can still be guessed by whoever holds the store.
    """

    id_token: str | None = None
    type: str = "ISO14443"
    status: TokenStatus = "Accepted"
    expiry_date_time: Time | None = None
    group_id_token: str | None = None
    max_active_transactions: int = 1
    note: str | None = None

    def is_of(self, type_: str | None) -> bool:
        """Types are identifiers, which OCPP compares without regard to case. None is any."""
        return type_ is None or type_.casefold() == self.type.casefold()

    def status_at(self, now: datetime) -> TokenStatus:
        if self.expiry_date_time is not None and self.expiry_date_time <= now:
            return "Expired"
        return self.status


def key(id_token: str, type_: str | None) -> str:
    """The document id of a token. Tokens are compared without regard to case, and have one type each."""
    folded = id_token.casefold()
    return _hidden(folded) if is_secret_token_type(type_) else folded


def keys(id_token: str, type_: str | None) -> list[str]:
    """Where a token of this text may be kept, if its type is None."""
    return [key(id_token, type_)] if type_ is not None else [key(id_token, None), key(id_token, "KeyCode")]


def _hidden(folded: str) -> str:
    return "keycode:" + hashlib.sha256(f"KeyCode:{folded}".encode()).hexdigest()
