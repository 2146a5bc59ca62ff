"""Identity tokens: JSON Web Tokens that an issuer has signed. Only this module knows when one counts."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from ..errors import Unauthenticated
from .signing_keys import SigningKeys, json_object

MAX_TOKEN_LENGTH = 8 * 1024
"""Characters."""

MAX_TEXT_LENGTH = 255
"""Characters of a claim that names somebody."""

LEEWAY = timedelta(seconds=60)
"""By which the clocks of issuer and CSMS may differ."""

TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""Of ``typ``, where it is there. An issuer signs other things too, such as sign-outs."""

_PART = re.compile(r"[A-Za-z0-9_-]+")
_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class WrongToken(Unauthenticated):
    """An identity token is damaged, forged, or meant for somebody else. Says why for the log, not for the
    caller.
    """


class ExpiredToken(WrongToken):
    """An identity token was right, and its time is over. Only its issuer can have made it: nobody guesses."""


@dataclass(frozen=True)
class IdentityToken:
    """What a token says, unproven until ``Issuer.check``."""

    algorithm: str
    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ``WrongToken``. Keys and addresses of keys in the header are not looked at."""
        if len(text) > MAX_TOKEN_LENGTH:
            raise WrongToken("it is too long")
        parts = text.split(".")
        if len(parts) != 3:
            raise WrongToken("it has not three parts")
        header, claims, signature = map(_decoded, parts)
        algorithm, key_id = _checked(_json_object(header))
        return cls(algorithm, key_id, _json_object(claims), ".".join(parts[:2]).encode(), signature)

    @property
    def audiences(self) -> frozenset[str]:
        """Raises ``WrongToken``."""
        found = self.texts("aud")
        if not found:
            raise WrongToken("its aud is no text")
        return found

    def text(self, claim: str) -> str | None:
        """None where there is no such claim. Raises ``WrongToken`` for what is no text that can be shown."""
        value = self.claims.get(claim)
        if value is None:
            return None
        if not (isinstance(value, str) and 0 < len(value) <= MAX_TEXT_LENGTH and value.isprintable()):
            raise WrongToken(f"its {claim} is no text that can be shown")
        return value

    def texts(self, claim: str) -> frozenset[str]:
        """Of a text or a list of texts; nothing where it is neither."""
        value = self.claims.get(claim)
        texts: list[Any] = value if isinstance(value, list) else [value]
        return frozenset(texts) if all(isinstance(text, str) for text in texts) else frozenset()

    def time(self, claim: str) -> datetime | None:
        """None where there is no such claim. Raises ``WrongToken``."""
        value = self.claims.get(claim)
        if value is None:
            return None
        if type(value) not in (int, float) or not 0 <= value < _LATEST:
            raise WrongToken(f"its {claim} is no time")
        return datetime.fromtimestamp(value, UTC)


@dataclass(frozen=True)
class Issuer:
    name: str
    """As ``iss`` says it, to the character."""
    audiences: frozenset[str]
    """One of them must be in ``aud``."""
    keys: SigningKeys

    def is_of(self, token: IdentityToken) -> bool:
        """Whether it claims to be of this issuer for one of these audiences. Raises ``WrongToken``."""
        return token.claims.get("iss") == self.name and not self.audiences.isdisjoint(token.audiences)

    async def check(self, token: IdentityToken, now: datetime) -> datetime:
        """Until when it counts. Raises ``WrongToken``, and ``KeysUnavailable``. The times come last: that a
        token has expired is said only of one that the issuer has signed.
        """
        if not self.is_of(token):
            raise WrongToken("it is of another issuer, or for another audience")
        key = await self.keys.get(token.key_id)
        if key is None:
            raise WrongToken("the issuer has no such key")
        if token.algorithm not in key.algorithms:
            raise WrongToken("its alg is not that of the key")
        if not key.verifies(token.signed, token.signature):
            raise WrongToken("its signature is wrong")
        return _checked_times(token, now)


def _checked_times(token: IdentityToken, now: datetime) -> datetime:
    """When it ends. Raises ``WrongToken``."""
    expires_at, issued_at, not_before = token.time("exp"), token.time("iat"), token.time("nbf")
    if expires_at is None or issued_at is None:
        raise WrongToken("it has no exp or no iat")
    if max(issued_at, not_before or issued_at) - LEEWAY > now:
        raise WrongToken("its time has not come")
    if now - LEEWAY >= expires_at:
        raise ExpiredToken("its time is over")
    return expires_at + LEEWAY


def _checked(header: Mapping[str, Any]) -> tuple[str, str]:
    """``alg`` and ``kid``. Raises ``WrongToken``."""
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(key_id, str):
        raise WrongToken("its header has no alg or no kid")
    if "crit" in header or "b64" in header:
        raise WrongToken("its header asks for extensions")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise WrongToken("it is of another type")
    return algorithm, key_id


def _decoded(part: str) -> bytes:
    """Raises ``WrongToken``, also for a second text of the same bytes: a token has one form only."""
    if _PART.fullmatch(part) and len(part) % 4 != 1:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == part:
            return decoded
    raise WrongToken("a part of it is no base64url")


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        return json_object(data)
    except ValueError as error:
        raise WrongToken(str(error)) from None
