"""The public keys with which an issuer signs identity tokens. The only module that fetches them, and that
knows which algorithm belongs to a key.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, Self

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import base64_to_int

from ..clock import Clock
from ..errors import Unavailable

log = logging.getLogger(__name__)

LIFETIME = timedelta(hours=1)
"""After which keys are fetched again."""

RETRY_INTERVAL = timedelta(minutes=1)
"""Between two attempts to fetch them, whatever the reason: a token may name any key, and none costs more."""

MAX_AGE = timedelta(days=1)
"""So long the keys count while the issuer cannot be reached: one that it has withdrawn must end some time."""

FETCH_TIMEOUT = 5.0
"""Seconds for all that is fetched at one attempt."""

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_KEYS = 100
"""Of one issuer. Most have two to five."""

RSA_BITS = range(2048, 8193)

_MODELS = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}


class KeysUnavailable(Unavailable):
    """The issuer of identity tokens cannot be reached, so nobody knows whether a token is right."""

    def __init__(self) -> None:
        super().__init__(
            "the issuer of identity tokens does not answer, so this one cannot be checked",
            retry_after=int(RETRY_INTERVAL.total_seconds()),
        )


@dataclass(frozen=True)
class SigningKey:
    algorithms: frozenset[str]
    """What ``alg`` may be: it follows from the key, never from the token."""
    _key: RSAKey | ECKey | OKPKey

    @classmethod
    def of(cls, jwk: Mapping[str, Any]) -> Self | None:
        """None for a key that is not for signatures, or of an algorithm that is not accepted. Only its public
        members are looked at. Raises ``ValueError`` and ``JoseError`` for what is no key.
        """
        algorithms = _algorithms(jwk)
        if not algorithms or jwk.get("use", "sig") != "sig":
            return None
        if "verify" not in jwk.get("key_ops", ["verify"]) or jwk.get("alg", "") not in ("", *algorithms):
            return None
        if jwk["kty"] == "RSA" and base64_to_int(jwk["n"]).bit_length() not in RSA_BITS:
            return None
        return cls(algorithms, _imported(jwk))

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        return JWSRegistry.algorithms[_MODELS[self._key.key_type]].verify(signed, signature, self._key)


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[str]:
    match jwk:
        case {"kty": "RSA"}:
            return frozenset({"RS256"})
        case {"kty": "EC", "crv": "P-256"}:
            return frozenset({"ES256"})
        case {"kty": "OKP", "crv": "Ed25519"}:
            return frozenset({"EdDSA", "Ed25519"})  # the name before and since RFC 9864
    return frozenset()


def _imported(jwk: Mapping[str, Any]) -> RSAKey | ECKey | OKPKey:
    match jwk["kty"]:
        case "RSA":
            return RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})
        case "EC":
            return ECKey.import_key({"kty": "EC", "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"]})
        case _:
            return OKPKey.import_key({"kty": "OKP", "crv": jwk["crv"], "x": jwk["x"]})


class SigningKeys:
    """Those of one issuer, by their ids, in bounded memory."""

    def __init__(
        self,
        issuer: str,
        clock: Clock,
        jwks_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Without ``jwks_url``, the issuer says in its OpenID configuration where its keys are."""
        self._issuer = issuer
        self._clock = clock
        self._jwks_url = jwks_url
        self._transport = transport
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def get(self, id: str) -> SigningKey | None:
        """None if the issuer has no key of this id. Raises ``KeysUnavailable``."""
        if self._should_fetch(id) and not (id in self._keys and self._fetching.locked()):
            async with self._fetching:
                if self._should_fetch(id):
                    await self._fetch()
        if self._fetched_at is None or self._clock() - self._fetched_at >= MAX_AGE:
            raise KeysUnavailable
        return self._keys.get(id)

    def _should_fetch(self, id: str) -> bool:
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < RETRY_INTERVAL:
            return False
        return id not in self._keys or self._fetched_at is None or now - self._fetched_at >= LIFETIME

    async def _fetch(self) -> None:
        """What was fetched before stays where this fails."""
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT),
                httpx.AsyncClient(transport=self._transport, timeout=FETCH_TIMEOUT) as client,
            ):
                url = self._jwks_url or await self._discovered(client)
                self._keys = _signing_keys(await _fetched(client, url))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            log.warning("issuer %s: its keys are not fetched: %r", self._issuer, error)
        else:
            self._fetched_at = self._clock()
        finally:
            self._tried_at = self._clock()

    async def _discovered(self, client: httpx.AsyncClient) -> str:
        """Where the keys are. Raises ``ValueError``: the configuration may be that of another issuer."""
        url = f"{self._issuer.removesuffix('/')}/.well-known/openid-configuration"
        configuration = await _fetched(client, url)
        if configuration.get("issuer") != self._issuer:
            raise ValueError("its OpenID configuration is that of another issuer")
        jwks_url = configuration.get("jwks_uri")
        if not isinstance(jwks_url, str):
            raise ValueError("its OpenID configuration has no jwks_uri")
        return jwks_url


async def _fetched(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Raises ``httpx.HTTPError``, ``httpx.InvalidURL`` and ``ValueError``. Follows no redirection. The body
    is taken as it comes, because a compressed one may be of any length.
    """
    if httpx.URL(url).scheme != "https":
        raise ValueError(f"{url} is not https")
    async with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        if response.status_code != 200:
            raise ValueError(f"{url} answers {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_DOCUMENT_BYTES:
                raise ValueError(f"{url} answers more than {MAX_DOCUMENT_BYTES} bytes")
    return json_object(bytes(body))


def _signing_keys(jwks: Mapping[str, Any]) -> dict[str, SigningKey]:
    """Those that can be used, by their ids. Raises ``ValueError`` where there is none."""
    entries = jwks.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise ValueError(f"what it answers is no list of at most {MAX_KEYS} keys")
    found: dict[str, SigningKey] = {}
    for jwk in entries:
        if isinstance(jwk, dict) and isinstance(id := jwk.get("kid"), str):
            try:
                key = SigningKey.of(jwk)
            except (JoseError, LookupError, TypeError, ValueError):
                continue
            if key is not None:
                found.setdefault(id, key)
    if not found:
        raise ValueError("it has no key that can be used")
    return found


def json_object(data: bytes) -> dict[str, Any]:
    """An object of JSON in UTF-8. Raises ``ValueError`` also for what readers of JSON understand differently:
    a member that comes twice, numbers that are none.
    """
    try:
        found = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError:  # whose text may have parts of the token
        raise ValueError("it is no JSON, or has a member twice") from None
    if not isinstance(found, dict):
        raise ValueError("it is no object of JSON")
    return found


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError
