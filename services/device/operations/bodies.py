"""Types, fields and conversions that several operations share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from libs.csms.clock import rfc3339
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.schemas import LARGEST_INTEGER

from .model import unknown_to

MAX_ID_TAG_LENGTH = 20
"""Characters of an idTag in OCPP 1.6 (CiString20Type)."""

Number = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)]
WholeNumber = Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)]
IdToken = Annotated[str, Field(min_length=1, max_length=255)]
TokenType = Annotated[str, Field(min_length=1, max_length=20)]
GroupIdToken = Annotated[
    IdToken | None, BeforeValidator(lambda group: group.get("idToken") if isinstance(group, dict) else group)
]
TransactionId = Annotated[
    str,
    BeforeValidator(lambda id: str(id) if type(id) is int else id, json_schema_input_type=str | int),
    Field(min_length=1, max_length=36),
]
Location = Annotated[str, Field(min_length=1, max_length=512)]


class OfToken(Body):
    id_token: IdToken = Field(
        description="The token's text, or IdTokenType of OCPP 2.x with text and type; idTag of 1.6."
    )
    type: TokenType = Field(
        default="ISO14443", description="IdTokenEnumType of OCPP 2.x; OCPP 1.6 has no types."
    )

    @model_validator(mode="before")
    @classmethod
    def flat(cls, body: Any) -> Any:
        """Take the object of OCPP 2.x as the two fields ``idToken`` and ``type``."""
        match body:
            case {"idToken": {"idToken": text, "type": type_}, **more}:
                return {"idToken": text, "type": type_, **more}
        return body


def text(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def id_tag(id_token: str, place: str) -> str:
    """The idTag of OCPP 1.6, which has no types. Raises ``Invalid`` if it is too long for 1.6."""
    if len(id_token) > MAX_ID_TAG_LENGTH:
        raise unknown_to("1.6", place, f"has tokens of at most {MAX_ID_TAG_LENGTH} characters")
    return id_token


def id_token(id_token: str, type_: str) -> ocpp2.IdTokenType:
    return ocpp2.IdTokenType(id_token, type_)


def transaction_v16(transaction_id: str) -> int:
    """transactionId of OCPP 1.6, a number. Raises ``Invalid``."""
    if not (transaction_id.isascii() and transaction_id.isdecimal() and len(transaction_id) <= 15):
        raise unknown_to("1.6", "transactionId", "has transactions with numbers")
    return int(transaction_id)
