"""What a client may send about a token."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from libs.csms.clients.authorization import Presented
from libs.csms.clock import Time
from libs.csms.secrets import is_secret_token_type
from libs.csms.station_id import StationId
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain
from libs.ocpp_messages.mappings import TokenStatus

from .model import IdToken

TokenText = Annotated[str, Field(min_length=1, max_length=255), Plain]
TokenType = Annotated[str, Field(min_length=1, max_length=20), Plain]
TransactionLimit = Annotated[
    int,
    BeforeValidator(lambda limit: 0 if limit is None else limit, json_schema_input_type=int | None),
    Field(strict=True, ge=0, le=1_000_000),
]


class IdTokenBody(Body):
    """Null is the same as absence, except that in a PATCH it removes what was there."""

    id_token: TokenText | None = Field(
        default=None, description="If it is there, the one of the path, in any case."
    )
    type: TokenType | None = Field(
        default=None,
        description="IdTokenEnumType of OCPP 2.x, ISO14443 for a new token by default. A PUT without it keeps"
        " the type. KeyCode stays so for ever.",
    )
    status: TokenStatus | None = Field(
        default=None, description="What stations are told; Accepted by default."
    )
    expiry_date_time: Time | None = Field(
        default=None, description="From this time on the status is Expired."
    )
    group_id_token: TokenText | None = Field(
        default=None, description="The group of the token, whose tokens may end each other's transactions."
    )
    max_active_transactions: TransactionLimit = Field(
        default=0, description="So many transactions at a time; 0 or null is no limit."
    )
    note: Annotated[str, Field(max_length=1_000)] | None = Field(default=None, description="For people.")

    def replacing(self, token: IdToken) -> IdToken:
        """All but the text of the token, and its type where the body has none."""
        return _with_fields(
            token, {"type": token.type, **self.model_dump(exclude={"id_token"}, exclude_none=True)}
        )

    def merged_into(self, token: IdToken) -> IdToken:
        """RFC 7396: what the body does not name stays, what is null goes."""
        patch = self.model_dump(exclude={"id_token"}, exclude_unset=True)
        return _with_fields(token, {**token.model_dump(exclude={"id_token"}), **patch})


class NewIdToken(IdTokenBody):
    """A token to be created."""

    id_token: TokenText = Field(description="The text of the token. Case does not tell tokens apart.")

    def created(self) -> IdToken:
        shown = None if is_secret_token_type(self.type) else self.id_token
        return self.replacing(IdToken(id_token=shown))


class AuthorizationBody(Body):
    """A question: may this token charge now?"""

    id_token: Annotated[str, Field(max_length=255)] = Field(
        description="The text of the token; may be empty for the type NoAuthorization."
    )
    type: TokenType | None = Field(
        default=None, description="IdTokenEnumType of OCPP 2.x. Absent: any type will do."
    )
    station_id: StationId | None = Field(
        default=None,
        description="The charging station that presented it: five wrong KeyCodes in ten minutes block those "
        "of that station for ten minutes. Absent: no station did, and nothing counts.",
    )
    message_id: Annotated[str, Field(max_length=255)] = Field(
        default="", description="Of the OCPP message that it was in: the same one again does not count."
    )

    @property
    def presented(self) -> Presented | None:
        return None if self.station_id is None else Presented(self.station_id, self.message_id)


def _with_fields(token: IdToken, fields: dict[str, Any]) -> IdToken:
    """This very token where nothing changes."""
    given = {name: value for name, value in fields.items() if value is not None}
    changed = IdToken.model_validate(given | {"id_token": token.id_token})
    return token if changed == token else changed
