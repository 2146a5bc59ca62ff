"""What a client may send about a token."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from libs.csms.clients.authorization import TokenStatus
from libs.csms.clock import Time
from libs.csms.secrets import is_secret_token_type
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain

from .model import IdToken

TokenText = Annotated[str, Field(min_length=1, max_length=255), Plain]
TokenType = Annotated[str, Field(min_length=1, max_length=20), Plain]
Limit = Annotated[
    int,
    BeforeValidator(lambda limit: 0 if limit is None else limit, json_schema_input_type=int | None),
    Field(strict=True, ge=0, le=1_000_000, description="0 or null is no limit."),
]


class IdTokenBody(Body):
    """Null is the same as absence, except that in a PATCH it removes what was there."""

    id_token: TokenText | None = None
    type: TokenType | None = None
    status: TokenStatus | None = None
    expiry_date_time: Time | None = None
    group_id_token: TokenText | None = None
    max_active_transactions: Limit = 1
    note: Annotated[str, Field(max_length=1_000)] | None = None

    def replacing(self, token: IdToken) -> IdToken:
        """All but the text of the token."""
        return _changed(token, self.model_dump(exclude={"id_token"}, exclude_none=True))

    def merged_into(self, token: IdToken) -> IdToken:
        """RFC 7396: what the body does not name stays, what is null goes."""
        patch = self.model_dump(exclude={"id_token"}, exclude_unset=True)
        return _changed(token, {**token.model_dump(exclude={"id_token"}), **patch})


class NewIdToken(IdTokenBody):
    id_token: TokenText

    def created(self) -> IdToken:
        shown = None if is_secret_token_type(self.type) else self.id_token
        return self.replacing(IdToken(id_token=shown))


class AuthorizationBody(Body):
    """``idToken`` may be empty for the type NoAuthorization. Without ``type`` any type will do."""

    id_token: Annotated[str, Field(max_length=255)]
    type: TokenType | None = None


def _changed(token: IdToken, fields: dict[str, Any]) -> IdToken:
    told = {name: value for name, value in fields.items() if value is not None}
    changed = IdToken.model_validate(told | {"id_token": token.id_token})
    return token if changed == token else changed
