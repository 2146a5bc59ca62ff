"""Parts that the bodies of several operations have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from libs.csms.clock import rfc3339
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.schemas import LARGEST_INTEGER

from .operation import unknown_to

LONGEST_ID_TAG = 20

Number = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)]
WholeNumber = Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)]
IdToken = Annotated[str, Field(min_length=1, max_length=255)]
TokenType = Annotated[str, Field(min_length=1, max_length=20, description="Unknown to OCPP 1.6.")]
TransactionId = Annotated[str, Field(min_length=1, max_length=36)]
Location = Annotated[str, Field(min_length=1, max_length=512, description="A URL.")]


def text(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def id_tag(id_token: str, place: str) -> str:
    """A token of OCPP 1.6, which has no types."""
    if len(id_token) > LONGEST_ID_TAG:
        raise unknown_to("1.6", place, f"has tokens of at most {LONGEST_ID_TAG} characters")
    return id_token


def id_token(id_token: str, type_: str) -> ocpp2.IdTokenType:
    return ocpp2.IdTokenType(id_token, type_)


def transaction_16(transaction_id: str) -> int:
    if not (transaction_id.isascii() and transaction_id.isdecimal() and len(transaction_id) <= 15):
        raise unknown_to("1.6", "transactionId", "has transactions with numbers")
    return int(transaction_id)
