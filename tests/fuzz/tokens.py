"""Keys and tokens that are almost right, or forged: nobody is let in by one.

A seed makes the same choices again. The keys are new in each run, so a failure shows the whole text.
"""

from __future__ import annotations

import base64
import hmac
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
from starlette.types import Receive, Scope, Send

from libs.csms.access.callers import CALLER, Caller
from libs.csms.access.identity import Identity
from libs.csms.access.keys import Keys
from libs.csms.access.scopes import Role
from libs.csms.access.token_callers import IAP_HEADER, IdentityTokens
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from tests.security.token_issuer import (
    AUDIENCE,
    ISSUER,
    START,
    Clock,
    TokenIssuer,
    base64url,
    key,
    signed,
)

DEVICE = "https://device.example"
ACCOUNT = "csms-gateway@p.iam.gserviceaccount.com"
BACKEND = "/projects/1/backend"
API_TOKEN = "0123456789abcdef0123456789"

BEARER = "Authorization"
PER_KIND = 4
"""Keys and tokens that are right, of each kind."""

RIGHT = 0.01
"""Share of what is sent as it is, so that the door is known to open."""


class Sent(NamedTuple):
    header: str
    text: str
    """Behind ``Bearer``, in the header of that."""

    @property
    def as_read(self) -> Sent:
        """Spaces around a bearer mean nothing."""
        return Sent(self.header, self.text.strip()) if self.header == BEARER else self


@dataclass
class TokenOutcome:
    seed: str
    seconds: float = 0.0
    wrong: int = 0
    """Of those that were sent."""
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


async def fuzz_tokens(
    folder: Path,
    count: int,
    seed: str,
    seconds: float = 1_800,
    report: Callable[[int], None] = lambda _: None,
) -> TokenOutcome:
    """``count`` are those that are wrong. ``seconds`` are all that it may take, however many have been sent
    by then.
    """
    outcome, begun, random = TokenOutcome(seed), time.monotonic(), Random(seed)
    store = SqliteStore(folder / "keys.db")
    logging.disable(logging.WARNING)
    try:
        issuer = TokenIssuer(Clock())
        keys = Keys.of(store, issuer.clock)
        right, ended = await _keys(keys, issuer.clock)
        right += _tokens(issuer)
        door, forger = _Door(keys, issuer), _Forger(random, issuer, right, ended)
        while outcome.wrong < count and time.monotonic() - begun < seconds:
            kind, sent = ("", random.choice(right)) if random.random() < RIGHT else forger.forged()
            is_right = sent.as_read in forger.right
            kind = "right" if is_right else kind
            caller = await door.caller(sent)
            outcome.counts[f"{kind}: {'refused' if caller is None else 'let in'}"] += 1
            outcome.wrong += not is_right
            if (caller is not None) != is_right:
                outcome.failures.append(f"{kind}: {caller} by {sent}")
            if not is_right and outcome.wrong % 100_000 == 0:
                report(outcome.wrong)
    finally:
        logging.disable(logging.NOTSET)
        await store.close()
    outcome.seconds = time.monotonic() - begun
    return outcome


async def _keys(keys: Keys, clock: Clock) -> tuple[list[Sent], list[Sent]]:
    """Those that count; and one that was revoked, one that has expired, and the first secret of one that was
    rotated twice.
    """
    made = [(await keys.create(str(n), "fuzz", Role.ADMIN)).text for n in range(PER_KIND)]
    revoked = await keys.create("revoked", "fuzz", Role.ADMIN)
    await keys.revoke(revoked.key.id)
    rotated = await keys.create("rotated", "fuzz", Role.ADMIN)
    for _ in range(2):
        made.append((await keys.rotate(rotated.key.id)).text)
    clock.now -= timedelta(days=2)
    expired = await keys.create("expired", "fuzz", Role.ADMIN, lifetime=timedelta(days=1))
    clock.now = START
    texts = [*made, API_TOKEN]
    ended = [revoked.text, rotated.text, expired.text]
    return [Sent(BEARER, text) for text in texts], [Sent(BEARER, text) for text in ended]


def _tokens(issuer: TokenIssuer) -> list[Sent]:
    found = [Sent(BEARER, issuer.service_token(ACCOUNT))]
    for n in range(PER_KIND):
        found += [Sent(BEARER, issuer.token(kid, sub=f"person {n}")) for kid in issuer.keys]
        found.append(Sent(IAP_HEADER, issuer.assertion(f"person{n}@example.com")))
    return found


class _Later:
    """Each time an hour later: whoever fails never has to wait."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 3_600
        return self.now


class _Door:
    """What finds the caller of a request, as it stands before every API."""

    def __init__(self, keys: Keys, issuer: TokenIssuer) -> None:
        settings = load(
            host="0.0.0.0",
            api_token=API_TOKEN,
            oidc_issuer=ISSUER,
            oidc_audience=AUDIENCE,
            iap_audience=BACKEND,
            iap_roles="*@example.com=viewer",
            service_accounts=f"gateway={ACCOUNT}",
            service_audience=DEVICE,
        )
        tokens = IdentityTokens.of(settings, issuer.clock, issuer.transport)
        self._found: Caller | None = None
        self._identity = Identity(self._let_in, settings, keys, {}, _Later(), tokens)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._found = scope[CALLER]

    async def caller(self, sent: Sent) -> Caller | None:
        self._found = None
        text = f"Bearer {sent.text}" if sent.header == BEARER else sent.text
        headers = [(sent.header.lower().encode(), text.encode("latin-1", "replace"))]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": ("192.0.2.1", 1)}

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            assert message.get("status", 401) in (401, 403), message

        await self._identity(scope, receive, send)
        return self._found


class _Forger:
    """Makes what nobody may be let in by, but for a text that has stayed as it was."""

    def __init__(self, random: Random, issuer: TokenIssuer, right: list[Sent], ended: list[Sent]) -> None:
        self.right = frozenset(right)
        self._random = random
        self._issuer = issuer
        self._all = right + ended
        self._ended = ended
        self._tokens = [sent for sent in right if sent.text.count(".") == 2]
        self._stranger = {algorithm: key(algorithm, "of a stranger") for algorithm, _ in issuer.keys.values()}
        self._kinds: list[tuple[str, Callable[[], Sent]]] = [
            ("damaged text", self._damaged),
            ("damaged text", self._damaged),
            ("damaged text", self._damaged),
            ("key that has ended", self._has_ended),
            ("parts of several", self._mixed),
            ("in another header", self._elsewhere),
            ("header changed", self._other_header),
            ("claims changed", self._other_claims),
            ("alg none", self._unsigned),
            ("signed with the public key as a secret", self._symmetric),
            ("signed by a stranger", self._by_a_stranger),
            ("signed by the issuer, and wrong", self._wrong),
        ]

    def forged(self) -> tuple[str, Sent]:
        kind, forge = self._random.choice(self._kinds)
        return kind, forge()

    def _damaged(self) -> Sent:
        sent, random = self._random.choice(self._all), self._random
        text = sent.text
        for _ in range(random.choice([1, 1, 1, 2, 5])):
            text = self._damaged_once(text)
        return Sent(sent.header, text)

    def _damaged_once(self, text: str) -> str:
        random = self._random
        at, new = (
            random.randrange(len(text) + 1),
            chr(random.choice([random.randrange(33, 127), random.randrange(256)])),
        )
        end = min(len(text), at + random.choice([1, 1, 2, 8, 64]))
        match random.randrange(8):
            case 0 if at < len(text):
                return text[:at] + chr(ord(text[at]) ^ 1 << random.randrange(7)) + text[at + 1 :]
            case 1:
                return text[:at] + text[end:]
            case 2:
                return text[:at] + new + text[at:]
            case 3:
                return text[:at] + text[at:end] * 2 + text[end:]
            case 4:
                return text[:at] + text[at:end][::-1] + text[end:]
            case 5:
                return text[:at] + text[at:end].swapcase() + text[end:]
            case 6:
                return text[: at or 1]
        return text[:at] + new + text[at + 1 :]

    def _has_ended(self) -> Sent:
        return self._random.choice(self._ended)

    def _mixed(self) -> Sent:
        one, other = self._random.sample(self._all, 2)
        separator = self._random.choice("._")
        parts = [
            self._random.choice([a, b])
            for a, b in zip(one.text.split(separator), other.text.split(separator), strict=False)
        ]
        return Sent(one.header, separator.join(parts))

    def _elsewhere(self) -> Sent:
        sent = self._random.choice(self._tokens)
        if sent.header == IAP_HEADER:
            return Sent(BEARER, sent.text)
        return Sent(IAP_HEADER, sent.text)

    def _parts(self) -> tuple[Sent, dict[str, Any], dict[str, Any], str]:
        sent = self._random.choice(self._tokens)
        header, claims, signature = sent.text.split(".")
        return sent, _read(header), _read(claims), signature

    def _other_header(self) -> Sent:
        sent, header, claims, signature = self._parts()
        return Sent(sent.header, _joined(header | self._random.choice(self._headers()), claims, signature))

    def _other_claims(self) -> Sent:
        sent, header, claims, signature = self._parts()
        more = {"roles": ["admin"], "sub": "root", "email": "person0@example.com", "email_verified": True}
        name = self._random.choice([*claims, *more])
        changed = claims | {name: self._random.choice([more.get(name), None, 0, "", [], 10**10, AUDIENCE])}
        return Sent(sent.header, _joined(header, changed, signature))

    def _unsigned(self) -> Sent:
        sent, header, claims, signature = self._parts()
        name = self._random.choice(["none", "None", "nOnE", "NONE", "", "null", None])
        return Sent(
            sent.header, _joined(header | {"alg": name}, claims, self._random.choice(["", "AA", signature]))
        )

    def _symmetric(self) -> Sent:
        sent, header, claims, _ = self._parts()
        size = self._random.choice([256, 384, 512])
        public = self._issuer.keys[header["kid"]][1]
        secret = self._random.choice(
            [
                public.as_pem(private=False),
                public.as_pem(private=False).strip(),
                public.as_der(private=False),
                orjson.dumps(public.as_dict(private=False)),
                header["kid"].encode(),
                b"",
            ]
        )
        text = _joined(header | {"alg": f"HS{size}"}, claims, "").rstrip(".")
        return Sent(sent.header, f"{text}.{base64url(hmac.digest(secret, text.encode(), f'sha{size}'))}")

    def _by_a_stranger(self) -> Sent:
        sent, header, claims, _ = self._parts()
        algorithm = self._random.choice(["ES256", "EdDSA"])
        mine = self._stranger[algorithm]
        brought = self._random.choice(
            [
                {},
                {"jwk": mine.as_dict(private=False)},
                {"jku": "https://stranger.example"},
                {"x5u": "https://stranger.example"},
            ]
        )
        if self._random.random() < 0.5:
            header["alg"] = algorithm
        return Sent(sent.header, signed(header | brought, claims, mine, algorithm))

    def _wrong(self) -> Sent:
        """By the right key, and with one thing that must not be."""
        sent, header, claims, _ = self._parts()
        header["kid"] = kid = self._random.choice(["ES256-1", "EdDSA-1"])
        algorithm, own = self._issuer.keys[kid]
        header["alg"] = algorithm
        body: dict[str, Any] | bytes = claims
        match self._random.randrange(3):
            case 0:
                header |= self._random.choice([one for one in self._headers() if one != {"alg": algorithm}])
            case 1:
                body = {
                    n: v
                    for n, v in (claims | self._random.choice(self._wrong_claims())).items()
                    if v is not None
                }
            case _:
                name = self._random.choice([*claims])
                body = orjson.dumps(claims)[:-1] + b"," + orjson.dumps({name: claims[name]})[1:]
        return Sent(sent.header, signed(header, body, own, algorithm))

    def _headers(self) -> list[dict[str, Any]]:
        """None of these can be in the header of a token that counts."""
        return [
            *(
                {"alg": name}
                for name in ("none", "HS256", "RS384", "PS256", "ES512", "es256", 256, ["ES256"], "")
            ),
            *({"kid": id} for id in ("", "ES256-2", "../ES256-1", "ES256-1 ", 1, None, ["ES256-1"])),
            *({"crit": names} for names in ([], ["exp"], ["b64"], "exp", None)),
            {"b64": False},
            *({"typ": kind} for kind in ("logout+jwt", "", 1, None)),
        ]

    def _wrong_claims(self) -> list[dict[str, Any]]:
        now = int(self._issuer.clock.now.timestamp())
        return [
            *({"iss": name} for name in ("https://stranger.example", f"{ISSUER}/", "", 1, [ISSUER])),
            {"iss": None},
            *({"aud": name} for name in ("other", "", 1, [], ["other"], [AUDIENCE, 1], {AUDIENCE: 1})),
            {"aud": None},
            *({"exp": at} for at in (0, now - 60, now - 10**6, -1, str(now + 600), True, [now + 600])),
            {"exp": None},
            *({"iat": at} for at in (now + 61, now + 10**6, str(now), -1)),
            {"iat": None},
            *({"nbf": at} for at in (now + 61, str(now), [], False)),
            *({"sub": id, "email": id} for id in ("", 1, "\0", "x" * 256, ["person"])),
        ]


def _read(part: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def _joined(header: dict[str, Any], claims: dict[str, Any], signature: str) -> str:
    return ".".join([base64url(orjson.dumps(header)), base64url(orjson.dumps(claims)), signature])
