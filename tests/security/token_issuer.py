"""An issuer of identity tokens without a network: its keys, its addresses, and tokens of every kind."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import orjson
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from libs.csms.access.token_callers import GOOGLE, GOOGLE_KEYS, IAP, IAP_KEYS

ISSUER = "https://login.example.com/realm"
AUDIENCE = "csms-api"
KEYS = "https://login.example.com/keys"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)

Key = RSAKey | ECKey | OKPKey
_MODELS = {"EdDSA": "Ed25519"}


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@cache
def key(kind: str, name: str = "") -> Key:
    """Made once in a run of the tests, as those of RSA take their time."""
    match kind:
        case "RS256":
            return RSAKey.generate_key(2048)
        case "ES256":
            return ECKey.generate_key("P-256")
        case _:
            return OKPKey.generate_key("Ed25519")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes, key: Key, algorithm: str) -> str:
    """A token in any form: also one that no honest issuer makes."""
    parts = [one if isinstance(one, bytes) else orjson.dumps(one) for one in (header, claims)]
    text = ".".join(map(base64url, parts))
    signature = JWSRegistry.algorithms[_MODELS.get(algorithm, algorithm)].sign(text.encode(), key)
    return f"{text}.{base64url(signature)}"


class TokenIssuer:
    """Of ``ISSUER``, Google and Identity-Aware Proxy at once. It counts what is asked of it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.keys: dict[str, tuple[str, Key]] = {
            f"{algorithm}-1": (algorithm, key(algorithm)) for algorithm in ("RS256", "ES256", "EdDSA")
        }
        self.extra: list[object] = []
        """Further entries of the list of keys."""
        self.configuration: object = {"issuer": ISSUER, "jwks_uri": KEYS}
        self.answers: dict[str, Callable[[], httpx.Response]] = {}
        """In place of those that follow from the keys, by address."""
        self.asked: list[str] = []
        self.transport = httpx.MockTransport(self._streamed)

    def jwks(self) -> dict[str, object]:
        return {
            "keys": [
                *self.extra,
                *(
                    {**one.as_dict(private=False), "kid": id, "alg": algorithm, "use": "sig"}
                    for id, (algorithm, one) in self.keys.items()
                ),
            ]
        }

    def _streamed(self, request: httpx.Request) -> httpx.Response:
        """As it comes from a network: its body is not there yet."""
        answer = self._answer(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        if url in self.answers:
            return self.answers[url]()
        if url == DISCOVERY:
            return httpx.Response(200, json=self.configuration)
        if url in (KEYS, GOOGLE_KEYS, IAP_KEYS):
            return httpx.Response(200, json=self.jwks())
        return httpx.Response(404)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Of Alice, an operator, for ten minutes. A change to None leaves the claim out."""
        now = int(self.clock.now.timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "alice",
            "iat": now,
            "exp": now + int(timedelta(minutes=10).total_seconds()),
            "roles": ["operator"],
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(self, kid: str = "ES256-1", header: dict[str, Any] | None = None, **claims: Any) -> str:
        algorithm, key = self.keys[kid]
        return signed(
            {"alg": algorithm, "kid": kid, "typ": "JWT"} | (header or {}),
            self.claims(**claims),
            key,
            algorithm,
        )

    def assertion(self, email: str = "alice@example.com", **claims: Any) -> str:
        """Of Identity-Aware Proxy."""
        given = {"iss": IAP, "aud": "/projects/1/backend", "email": email, "roles": None} | claims
        return self.token(**given)

    def service_token(self, email: str, **claims: Any) -> str:
        """Of Google, for a service account."""
        given = {"iss": GOOGLE, "aud": "https://device.example", "email": email, "email_verified": True}
        return self.token("RS256-1", **given | {"roles": None} | claims)
