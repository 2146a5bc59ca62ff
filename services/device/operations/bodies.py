"""Parts that the bodies of several operations have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from libs.csms.clock import rfc3339
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.schemas import LARGEST_INTEGER

from .model import unknown_to

LONGEST_ID_TAG = 20

Number = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)]
WholeNumber = Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)]
IdToken = Annotated[str, Field(min_length=1, max_length=255)]
TokenType = Annotated[str, Field(min_length=1, max_length=20, description="Unknown to OCPP 1.6.")]
GroupIdToken = Annotated[
    IdToken | None, BeforeValidator(lambda group: group.get("idToken") if isinstance(group, dict) else group)
]
TransactionId = Annotated[
    str,
    BeforeValidator(lambda id: str(id) if type(id) is int else id, json_schema_input_type=str | int),
    Field(min_length=1, max_length=36),
]
Location = Annotated[str, Field(min_length=1, max_length=512, description="A URL.")]


class OfToken(Body):
    """``idToken`` is its text, or the object of OCPP 2.x with its text and type."""

    id_token: IdToken
    type: TokenType = "ISO14443"

    @model_validator(mode="before")
    @classmethod
    def flat(cls, told: Any) -> Any:
        match told:
            case {"idToken": {"idToken": text, "type": type_}, **more}:
                return {"idToken": text, "type": type_, **more}
        return told


def text(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def id_tag(id_token: str, place: str) -> str:
    """A token of OCPP 1.6, which has no types."""
    if len(id_token) > LONGEST_ID_TAG:
        raise unknown_to("1.6", place, f"has tokens of at most {LONGEST_ID_TAG} characters")
    return id_token


def id_token(id_token: str, type_: str) -> ocpp2.IdTokenType:
    return ocpp2.IdTokenType(id_token, type_)


def transaction_v16(transaction_id: str) -> int:
    if not (transaction_id.isascii() and transaction_id.isdecimal() and len(transaction_id) <= 15):
        raise unknown_to("1.6", "transactionId", "has transactions with numbers")
    return int(transaction_id)
