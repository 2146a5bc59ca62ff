"""Callers by identity tokens: which tokens count, and which do not, however they were made."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from joserfc.jwk import ECKey

from libs.csms.access import signing_keys, token_callers
from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.identity_tokens import LEEWAY, ExpiredToken, WrongToken
from libs.csms.access.scopes import ROLES, Role
from libs.csms.access.signing_keys import (
    LIFETIME,
    MAX_AGE,
    MAX_DOCUMENT_BYTES,
    RETRY_INTERVAL,
    KeysUnavailable,
)
from libs.csms.access.token_callers import CACHE_LIFETIME, GOOGLE, IdentityTokens, NoRole, Presented
from libs.csms.settings import BadSetting, load

from .token_issuer import (
    AUDIENCE,
    DISCOVERY,
    ISSUER,
    KEYS,
    Clock,
    TokenIssuer,
    base64url,
    key,
    signed,
)

OIDC = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE}
IAP = {"iap_audience": "/projects/1/backend", "iap_roles": "alice@example.com=admin,*@example.org=viewer"}
SERVICE = {
    "service_accounts": ",".join(
        f"{name}=csms-{name}@p.iam.gserviceaccount.com" for name in ("gateway", "transaction", "user")
    ),
    "service_audience": "https://device.example",
}


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


def tokens_of(issuer: TokenIssuer, **flags: Any) -> IdentityTokens:
    tokens = IdentityTokens.of(load(**(flags or OIDC)), issuer.clock, issuer.transport)
    assert tokens is not None
    return tokens


async def caller(issuer: TokenIssuer, text: str, **flags: Any) -> Caller:
    return await tokens_of(issuer, **flags).caller(Presented(text, is_assertion="iap_audience" in flags))


async def refusal(issuer: TokenIssuer, text: str, **flags: Any) -> str:
    with pytest.raises(WrongToken) as refused:
        await caller(issuer, text, **flags)
    return str(refused.value)


@pytest.mark.parametrize("kid", ["RS256-1", "ES256-1", "EdDSA-1"])
async def test_a_token_of_the_issuer_is_a_person_with_a_role(issuer: TokenIssuer, kid: str) -> None:
    found = await caller(issuer, issuer.token(kid))

    assert found == Caller("oidc:alice", "person", ROLES[Role.OPERATOR])


async def test_the_newer_name_of_eddsa_is_known(issuer: TokenIssuer) -> None:
    assert (await caller(issuer, issuer.token("EdDSA-1", {"alg": "Ed25519"}))).id == "oidc:alice"


# What is forged


async def test_a_token_without_a_signature_does_not_count(issuer: TokenIssuer) -> None:
    header, claims, signature = issuer.token().split(".")
    for name in ("none", "None", "NONE", ""):
        unsigned = base64url(orjson.dumps({"alg": name, "kid": "ES256-1"}))
        assert await refusal(issuer, f"{unsigned}.{claims}.")
        assert await refusal(issuer, f"{unsigned}.{claims}.{signature}")
    assert await refusal(issuer, f"{header}.{claims}.")
    assert await refusal(issuer, f"{header}.{claims}")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("kid", ["RS256-1", "ES256-1", "EdDSA-1"])
async def test_a_public_key_is_no_secret_of_a_symmetric_algorithm(
    issuer: TokenIssuer, kid: str, algorithm: str
) -> None:
    text = ".".join(
        base64url(orjson.dumps(part)) for part in ({"alg": algorithm, "kid": kid}, issuer.claims())
    )
    public = issuer.keys[kid][1]
    secrets = [
        public.as_pem(private=False),
        public.as_pem(private=False).strip(),
        public.as_der(private=False),
        orjson.dumps(public.as_dict(private=False)),
        b"",
    ]
    for secret in secrets:
        digest = hmac.digest(secret, text.encode(), f"sha{algorithm[2:]}")
        assert await refusal(issuer, f"{text}.{base64url(digest)}") == "its alg is not that of the key"


@pytest.mark.parametrize("other", ["RS384", "PS256", "ES384", "ES256K", "es256", "EdDSA", "RS256", 256, None])
async def test_the_key_says_which_algorithm_it_is_for(issuer: TokenIssuer, other: object) -> None:
    assert await refusal(issuer, issuer.token("ES256-1", {"alg": other}))


async def test_a_signature_of_another_key_of_that_id_does_not_count(issuer: TokenIssuer) -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        header = {"alg": algorithm, "kid": f"{algorithm}-1"}
        forged = signed(header, issuer.claims(), key(algorithm, "of somebody else"), algorithm)
        assert await refusal(issuer, forged) == "its signature is wrong"


async def test_keys_that_a_token_brings_along_are_ignored(issuer: TokenIssuer) -> None:
    mine = key("ES256", "of an attacker")
    assert isinstance(mine, ECKey)
    brought: dict[str, Any] = {
        "jwk": mine.as_dict(private=False),
        "jku": "https://attacker.example/keys",
        "x5u": "https://attacker.example/certificate",
        "x5c": [base64url(mine.as_der(private=False))],
    }
    for kid in ("ES256-1", "mine", "https://attacker.example/keys"):
        forged = signed({"alg": "ES256", "kid": kid, **brought}, issuer.claims(), mine, "ES256")
        assert await refusal(issuer, forged)
    assert {httpx.URL(url).host for url in issuer.asked} == {"login.example.com"}

    assert (await caller(issuer, issuer.token(header=brought))).id == "oidc:alice"


@pytest.mark.parametrize(
    "extension", [{"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"crit": ["b64"], "b64": False}]
)
async def test_a_header_that_asks_for_extensions_is_refused(
    issuer: TokenIssuer, extension: dict[str, Any]
) -> None:
    assert await refusal(issuer, issuer.token(header=extension)) == "its header asks for extensions"


@pytest.mark.parametrize(
    "kid",
    ["", "ES256-2", "../../../../dev/null", "/etc/passwd", "ES256-1\0", "' OR 1=1", ["ES256-1"], 1, None, {}],
)
async def test_a_key_that_the_issuer_has_not_is_no_key(issuer: TokenIssuer, kid: object) -> None:
    assert await refusal(issuer, issuer.token(header={"kid": kid}))


async def test_a_payload_that_was_changed_does_not_count(issuer: TokenIssuer) -> None:
    header, _, signature = issuer.token().split(".")
    for changed in (issuer.claims(roles=["admin"]), issuer.claims(sub="root"), issuer.claims(exp=10**10)):
        text = f"{header}.{base64url(orjson.dumps(changed))}.{signature}"
        assert await refusal(issuer, text) == "its signature is wrong"


async def test_what_else_the_issuer_signs_is_no_token_of_a_caller(issuer: TokenIssuer) -> None:
    for kind in ("logout+jwt", "secevent+jwt", "dpop+jwt", 1, None, ["JWT"]):
        assert await refusal(issuer, issuer.token(header={"typ": kind})) == "it is of another type"
    for kind in ("at+jwt", "application/at+jwt", "jwt"):
        assert (await caller(issuer, issuer.token(header={"typ": kind}))).id == "oidc:alice"


# For whom, by whom and when


@pytest.mark.parametrize(
    "aud",
    [
        "other",
        "csms-api ",
        "CSMS-API",
        "",
        None,
        7,
        True,
        [],
        ["other"],
        [["csms-api"]],
        ["csms-api", 7],
        {"csms-api": 1},
    ],
)
async def test_a_token_for_somebody_else_does_not_count(issuer: TokenIssuer, aud: object) -> None:
    assert await refusal(issuer, issuer.token(aud=aud))


async def test_a_token_may_be_for_several(issuer: TokenIssuer) -> None:
    assert (await caller(issuer, issuer.token(aud=["other", AUDIENCE]))).id == "oidc:alice"


@pytest.mark.parametrize(
    "iss", ["https://attacker.example", f"{ISSUER}/", ISSUER.upper(), GOOGLE, "", None, 7, [ISSUER]]
)
async def test_a_token_of_another_issuer_does_not_count(issuer: TokenIssuer, iss: object) -> None:
    assert await refusal(issuer, issuer.token(iss=iss))
    assert issuer.asked == []


async def test_a_token_counts_until_its_end_and_one_minute(issuer: TokenIssuer) -> None:
    text = issuer.token()
    issuer.clock.now += timedelta(minutes=10) + LEEWAY - timedelta(milliseconds=1)
    assert (await caller(issuer, text)).id == "oidc:alice"
    issuer.clock.now += timedelta(milliseconds=1)
    with pytest.raises(ExpiredToken):
        await caller(issuer, text)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_token_counts_from_its_time_on_and_one_minute_before(issuer: TokenIssuer, claim: str) -> None:
    seconds = int(issuer.clock.now.timestamp())
    early = issuer.token(**{claim: seconds + 60})
    assert (await caller(issuer, early)).id == "oidc:alice"
    assert await refusal(issuer, issuer.token(**{claim: seconds + 61})) == "its time has not come"


async def test_that_a_forged_token_has_expired_is_not_said(issuer: TokenIssuer) -> None:
    mine = key("ES256", "of an attacker")
    forged = signed({"alg": "ES256", "kid": "ES256-1"}, issuer.claims(exp=1), mine, "ES256")
    assert await refusal(issuer, forged) == "its signature is wrong"


@pytest.mark.parametrize("claim", ["exp", "iat"])
async def test_a_token_without_its_times_does_not_count(issuer: TokenIssuer, claim: str) -> None:
    assert await refusal(issuer, issuer.token(**{claim: None})) == "it has no exp or no iat"


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value", ["2026-11-21T12:00:00Z", "1e9", True, -1, 10**12, 10**400, [1], {"at": 1}, 1e300], ids=str
)
async def test_what_is_no_time_is_refused(issuer: TokenIssuer, claim: str, value: object) -> None:
    claims = orjson.dumps(issuer.claims(**{claim: "PLACE"})).replace(b'"PLACE"', _json(value))
    text = signed({"alg": "ES256", "kid": "ES256-1"}, claims, issuer.keys["ES256-1"][1], "ES256")
    assert await refusal(issuer, text) == f"its {claim} is no time"


def _json(value: object) -> bytes:
    return (
        str(value).encode() if isinstance(value, int) and not isinstance(value, bool) else orjson.dumps(value)
    )


async def test_times_may_have_fractions(issuer: TokenIssuer) -> None:
    at = issuer.clock.now.timestamp()
    assert (await caller(issuer, issuer.token(iat=at - 0.5, exp=at + 0.5))).id == "oidc:alice"


@pytest.mark.parametrize("sub", ["", "a\nb", "a\0b", "\x1b[2J", "x" * 256, 7, ["alice"], {"id": 1}])
async def test_a_subject_that_cannot_be_shown_is_refused(issuer: TokenIssuer, sub: object) -> None:
    assert await refusal(issuer, issuer.token(sub=sub)) == "its sub is no text that can be shown"


async def test_a_token_without_a_subject_names_nobody(issuer: TokenIssuer) -> None:
    assert await refusal(issuer, issuer.token(sub=None)) == "it has no sub"


@pytest.mark.parametrize(
    ("sub", "id"),
    [
        ("auth0|5f7c", "oidc:auth0|5f7c"),
        ("../../keys/x", "oidc:..%2F..%2Fkeys%2Fx"),
        ("a b<script>", "oidc:a%20b%3Cscript%3E"),
        ("zoë", "oidc:zo%C3%AB"),
        ("100%", "oidc:100%25"),
        ("iap:bob@example.com", "oidc:iap:bob%40example.com"),
    ],
)
async def test_an_id_is_made_of_plain_characters(issuer: TokenIssuer, sub: str, id: str) -> None:
    assert (await caller(issuer, issuer.token(sub=sub))).id == id


async def test_an_address_is_the_id_where_the_issuer_has_verified_it(issuer: TokenIssuer) -> None:
    address = {"email": "Alice@Example.com"}
    assert (await caller(issuer, issuer.token(sub="alice@example.com"))).id == "oidc:alice%40example.com"
    ids = [
        (await caller(issuer, issuer.token(**address, email_verified=verified))).id
        for verified in (True, False, "true", 1, None)
    ]
    assert ids == ["oidc:alice@example.com", *["oidc:alice"] * 4]


# Its form


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "eyJ.eyJ.eyJ",
        "eyJ9.eyJ9.AAAA",
        "a" * 100_000,
        "eyJ" + "." * 10_000,
        "é.é.é",
        "\0.\0.\0",
    ],
    ids=lambda text: text[:10],
)
async def test_what_is_no_token_is_refused(issuer: TokenIssuer, text: str) -> None:
    assert await refusal(issuer, text)


async def test_a_token_that_is_cut_off_anywhere_does_not_count(issuer: TokenIssuer) -> None:
    text, tokens = issuer.token(), tokens_of(issuer)
    for end in range(len(text)):
        with pytest.raises(WrongToken):
            await tokens.caller(Presented(text[:end], is_assertion=False))


async def test_a_token_that_is_too_long_is_not_looked_at(issuer: TokenIssuer) -> None:
    fits = issuer.token(note="x" * 5_000)
    assert (await caller(issuer, fits)).id == "oidc:alice"
    assert await refusal(issuer, issuer.token(note="x" * 6_500)) == "it is too long"
    assert issuer.asked == [DISCOVERY, KEYS]


@pytest.mark.parametrize(
    "text",
    [
        b'{"sub":"alice","sub":"root"}',
        b'{"aud":"csms-api","aud":"other"}',
        b'{"a":{"b":1,"b":2}}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b"[" * 6_000,
        b'{"a":' * 1_000,
        b"\xff\xfe{\0}\0",
        b"\xef\xbb\xbf{}",
        b"[]",
        b'"alice"',
        b"null",
        b"1",
        b"",
        b"{",
        b"1" * 6_000,
    ],
    ids=lambda text: repr(text[:20]),
)
async def test_claims_that_readers_understand_differently_are_refused(
    issuer: TokenIssuer, text: bytes
) -> None:
    header: dict[str, Any] = {"alg": "ES256", "kid": "ES256-1"}
    rest = orjson.dumps(issuer.claims())
    own = issuer.keys["ES256-1"][1]
    for claims in (text, text[:-1] + b"," + rest[1:] if text.startswith(b'{"') else text):
        assert await refusal(issuer, signed(header, claims, own, "ES256"))


async def test_a_header_with_a_member_twice_is_refused(issuer: TokenIssuer) -> None:
    own = issuer.keys["ES256-1"][1]
    for header in (
        b'{"alg":"none","alg":"ES256","kid":"ES256-1"}',
        b'{"alg":"ES256","kid":"x","kid":"ES256-1"}',
        b'{"alg":"ES256","kid":"x","\\u006bid":"ES256-1"}',
    ):
        assert await refusal(issuer, signed(header, issuer.claims(), own, "ES256"))


async def test_a_token_has_one_form_only(issuer: TokenIssuer) -> None:
    """The last character of a signature has bits that no reader of base64 needs."""
    text, tokens = issuer.token("EdDSA-1"), tokens_of(issuer)
    same = [text[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    same += [text + "=", text + "==", f" {text}", f"{text}\n", text.replace(".", ".\n", 1)]
    counted = []
    for other in same:
        try:
            await tokens.caller(Presented(other, is_assertion=False))
        except WrongToken:
            continue
        counted.append(other)
    assert counted == [text]


# Roles and groups


@pytest.mark.parametrize(
    "roles",
    [None, [], "", "root", ["Admin"], [" admin"], 1, True, {"admin": True}, [["admin"]], ["admin", 1]],
)
async def test_whoever_has_no_role_is_told_so(issuer: TokenIssuer, roles: object) -> None:
    with pytest.raises(NoRole, match="none of admin, operator, security, technician, viewer"):
        await caller(issuer, issuer.token(roles=roles))


async def test_a_role_may_be_a_text_and_several_count_together(issuer: TokenIssuer) -> None:
    one = await caller(issuer, issuer.token(roles="viewer"))
    two = await caller(issuer, issuer.token(roles=["security", "elsewhere", "technician"]))

    assert one.scopes == ROLES[Role.VIEWER]
    assert two.scopes == ROLES[Role.SECURITY] | ROLES[Role.TECHNICIAN]


async def test_with_a_mapping_only_its_values_count(issuer: TokenIssuer) -> None:
    flags = OIDC | {"oidc_role_claim": "groups", "oidc_roles": "csms-admins=admin,cn=support=viewer"}
    admin = await caller(issuer, issuer.token(groups=["csms-admins"]), **flags)
    viewer = await caller(issuer, issuer.token(groups="cn=support"), **flags)

    assert (admin.scopes, viewer.scopes) == (ROLES[Role.ADMIN], ROLES[Role.VIEWER])
    with pytest.raises(NoRole):
        await caller(issuer, issuer.token(groups=["admin"], roles=["admin"]), **flags)


@pytest.mark.parametrize(
    ("stations", "groups"),
    [
        (["north", "south"], {"north", "south"}),
        ("north", {"north"}),
        (["north", "*"], None),
        ([], set()),
        (None, set()),
        ({"north": 1}, set()),
        (["north", 1], set()),
    ],
)
async def test_a_caller_sees_the_stations_of_his_groups(
    issuer: TokenIssuer, stations: object, groups: set[str] | None
) -> None:
    found = await caller(issuer, issuer.token(stations=stations), **OIDC, oidc_groups_claim="stations")
    assert found.groups == groups


async def test_without_the_setting_a_caller_sees_all_stations(issuer: TokenIssuer) -> None:
    assert (await caller(issuer, issuer.token(groups=["north"]))).groups is None


# Identity-Aware Proxy and services


async def test_a_person_behind_the_proxy_has_the_role_of_the_address(issuer: TokenIssuer) -> None:
    admin = await caller(issuer, issuer.assertion("Alice@example.com"), **IAP)
    viewer = await caller(issuer, issuer.assertion("bob@example.org"), **IAP)

    assert admin == Caller("iap:alice@example.com", "person", ROLES[Role.ADMIN])
    assert viewer == Caller("iap:bob@example.org", "person", ROLES[Role.VIEWER])


@pytest.mark.parametrize(
    "email",
    ["bob@example.com", "bob@sub.example.org", "bob@example.org.attacker.example", "alice@example.co"],
)
async def test_nobody_else_behind_the_proxy_has_a_role(issuer: TokenIssuer, email: str) -> None:
    with pytest.raises(NoRole):
        await caller(issuer, issuer.assertion(email), **IAP)


@pytest.mark.parametrize(
    "email",
    [
        "",
        None,
        7,
        "*@example.org",
        "bob",
        "bob@attacker.example@example.org",
        "securetoken.google.com/p:bob@example.org",
        "bob@example.org\n",
        "bob@exämple.org",
    ],
)
async def test_an_address_that_is_none_has_no_role(issuer: TokenIssuer, email: Any) -> None:
    assert await refusal(issuer, issuer.assertion(email), **IAP)


async def test_an_assertion_is_for_one_backend(issuer: TokenIssuer) -> None:
    assert await refusal(issuer, issuer.assertion(aud="/projects/2/backend"), **IAP)
    assert await refusal(issuer, issuer.assertion(iss=ISSUER), **IAP)


async def test_a_service_is_known_by_its_account(issuer: TokenIssuer) -> None:
    for name in ("gateway", "user"):
        text = issuer.service_token(f"csms-{name}@p.iam.gserviceaccount.com")
        assert await caller(issuer, text, **SERVICE) == SERVICES[name]


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "csms-device@p.iam.gserviceaccount.com"},
        {"email": "csms-gateway@other.iam.gserviceaccount.com"},
        {"email": "csms-gateway@p.iam.gserviceaccount.com.attacker.example"},
        {"email": "csms-gateway@p.iam.gserviceaccount.com", "email_verified": False},
        {"email": "csms-gateway@p.iam.gserviceaccount.com", "email_verified": "true"},
        {"email": "csms-gateway@p.iam.gserviceaccount.com", "email_verified": None},
        {"email": None},
        {"email": ["csms-gateway@p.iam.gserviceaccount.com"]},
        {"email": "csms-gateway@p.iam.gserviceaccount.com", "aud": "https://user.example"},
        {"email": "csms-gateway@p.iam.gserviceaccount.com", "iss": ISSUER},
    ],
)
async def test_any_other_account_of_google_is_nobody(issuer: TokenIssuer, claims: dict[str, Any]) -> None:
    given = {"iss": GOOGLE, "aud": "https://device.example", "email_verified": True} | claims
    assert await refusal(issuer, issuer.token("RS256-1", **given), **SERVICE)


async def test_a_token_of_one_issuer_does_not_count_as_one_of_another(issuer: TokenIssuer) -> None:
    """They share their keys here: what it is depends on the issuer that it names, and nothing else."""
    tokens = tokens_of(issuer, **OIDC, **IAP, **SERVICE)
    for text, is_assertion in ((issuer.assertion(), False), (issuer.token(), True)):
        with pytest.raises(WrongToken):
            await tokens.caller(Presented(text, is_assertion))


# What is remembered


async def test_a_token_that_was_checked_ends_in_time_all_the_same(issuer: TokenIssuer) -> None:
    tokens, text = tokens_of(issuer), issuer.token()
    presented = Presented(text, is_assertion=False)
    issuer.clock.now += timedelta(minutes=10, seconds=59)
    assert (await tokens.caller(presented)).id == "oidc:alice"
    issuer.clock.now += timedelta(seconds=1)
    with pytest.raises(ExpiredToken):
        await tokens.caller(presented)


async def test_a_token_that_was_checked_is_no_assertion(issuer: TokenIssuer) -> None:
    tokens = tokens_of(issuer, **OIDC, **IAP)
    await tokens.caller(Presented(issuer.token(), is_assertion=False))
    with pytest.raises(WrongToken):
        await tokens.caller(Presented(issuer.token(), is_assertion=True))


async def test_a_token_of_a_key_that_was_withdrawn_ends_within_a_minute_of_that_being_known(
    issuer: TokenIssuer,
) -> None:
    tokens, presented = tokens_of(issuer), Presented(issuer.token(), is_assertion=False)
    await tokens.caller(presented)
    issuer.keys["ES256-2"] = issuer.keys.pop("ES256-1")
    issuer.clock.now += CACHE_LIFETIME - timedelta(seconds=1)
    assert (await tokens.caller(presented)).id == "oidc:alice"
    issuer.clock.now += timedelta(seconds=1)
    await tokens.caller(Presented(issuer.token("ES256-2"), is_assertion=False))
    with pytest.raises(WrongToken):
        await tokens.caller(presented)


async def test_tokens_that_were_checked_take_bounded_memory(
    issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_callers, "CACHE_SIZE", 3)
    tokens = tokens_of(issuer)
    for number in range(10):
        await tokens.caller(Presented(issuer.token(sub=str(number)), is_assertion=False))
    assert len(tokens._checked) == 3


# Keys of the issuer


async def test_keys_are_fetched_once_and_again_after_an_hour(issuer: TokenIssuer) -> None:
    tokens = tokens_of(issuer)
    for minutes in range(60):
        issuer.clock.now += timedelta(minutes=1) if minutes else timedelta()
        await tokens.caller(Presented(issuer.token(), is_assertion=False))
    assert issuer.asked == [DISCOVERY, KEYS]

    issuer.clock.now += LIFETIME
    await tokens.caller(Presented(issuer.token(), is_assertion=False))
    assert issuer.asked == [DISCOVERY, KEYS] * 2


async def test_a_new_key_is_known_at_once_and_an_old_one_ends(issuer: TokenIssuer) -> None:
    tokens, old = tokens_of(issuer), issuer.token("ES256-1")
    await tokens.caller(Presented(old, is_assertion=False))
    issuer.keys["ES256-2"] = ("ES256", key("ES256", "the next one"))
    del issuer.keys["ES256-1"]

    issuer.clock.now += RETRY_INTERVAL
    assert (await tokens.caller(Presented(issuer.token("ES256-2"), is_assertion=False))).id == "oidc:alice"
    with pytest.raises(WrongToken):
        await tokens.caller(Presented(old, is_assertion=False))


async def test_keys_that_nobody_has_cost_one_request_a_minute(issuer: TokenIssuer) -> None:
    tokens = tokens_of(issuer)
    for minute in range(3):
        for number in range(50):
            with pytest.raises(WrongToken):
                unknown = issuer.token(header={"kid": f"{minute}-{number}"})
                await tokens.caller(Presented(unknown, is_assertion=False))
        issuer.clock.now += RETRY_INTERVAL
    assert issuer.asked == [DISCOVERY, KEYS] * 3


def _failing(status: int = 503) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status)


def _broken() -> httpx.Response:
    raise httpx.ConnectError("no route")


def _redirect() -> httpx.Response:
    return httpx.Response(302, headers={"Location": "https://attacker.example/keys"})


@pytest.mark.parametrize(
    "answer",
    [
        _failing(),
        _failing(404),
        _broken,
        _redirect,
        lambda: httpx.Response(200, json={"keys": []}),
        lambda: httpx.Response(200, json={"keys": {}}),
        lambda: httpx.Response(200, json=[]),
        lambda: httpx.Response(200, content=b"<html>"),
        lambda: httpx.Response(200, content=b"[" * 10_000),
        lambda: httpx.Response(200, json={"keys": [{}] * 101}),
        lambda: httpx.Response(200, content=b" " * (MAX_DOCUMENT_BYTES + 1)),
        lambda: httpx.Response(200, json={"keys": ["a", None, {"kid": 1}, {"kid": "a", "kty": ["EC"]}]}),
    ],
)
@pytest.mark.parametrize("url", [DISCOVERY, KEYS])
async def test_keys_stay_while_the_issuer_answers_nothing_of_use(
    issuer: TokenIssuer, answer: Callable[[], httpx.Response], url: str
) -> None:
    tokens = tokens_of(issuer)
    await tokens.caller(Presented(issuer.token(), is_assertion=False))
    issuer.answers[url] = answer
    issuer.clock.now += LIFETIME
    assert (await tokens.caller(Presented(issuer.token(), is_assertion=False))).id == "oidc:alice"
    issuer.clock.now += MAX_AGE - LIFETIME - timedelta(seconds=1)
    assert (await tokens.caller(Presented(issuer.token(), is_assertion=False))).id == "oidc:alice"
    issuer.clock.now += timedelta(seconds=1)
    with pytest.raises(KeysUnavailable):
        await tokens.caller(Presented(issuer.token(), is_assertion=False))

    issuer.answers.clear()
    issuer.clock.now += RETRY_INTERVAL
    assert (await tokens.caller(Presented(issuer.token(), is_assertion=False))).id == "oidc:alice"


async def test_without_any_key_nobody_knows_and_the_issuer_is_asked_once_a_minute(
    issuer: TokenIssuer,
) -> None:
    issuer.answers[DISCOVERY] = _failing()
    tokens = tokens_of(issuer)
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            await tokens.caller(Presented(issuer.token(), is_assertion=False))
    assert issuer.asked == [DISCOVERY]


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://attacker.example", "jwks_uri": KEYS},
        {"issuer": f"{ISSUER}/", "jwks_uri": KEYS},
        {"jwks_uri": KEYS},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://login.example.com/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": "//login.example.com/keys"},
        {"issuer": ISSUER, "jwks_uri": "https://login.example.com:port/keys"},
        {"issuer": ISSUER, "jwks_uri": 7},
    ],
)
async def test_a_configuration_that_is_not_the_issuers_leads_to_no_key(
    issuer: TokenIssuer, configuration: object
) -> None:
    issuer.configuration = configuration
    with pytest.raises(KeysUnavailable):
        await caller(issuer, issuer.token())
    assert issuer.asked == [DISCOVERY]


async def test_a_key_that_is_for_something_else_does_not_count(issuer: TokenIssuer) -> None:
    own = issuer.keys["ES256-1"][1].as_dict(private=False)
    issuer.extra = [
        {**own, "kid": "to encrypt", "use": "enc"},
        {**own, "kid": "to wrap", "key_ops": ["wrapKey"]},
        {**own, "kid": "of another algorithm", "alg": "ES384"},
        {**own, "kid": "not on its curve", "x": own["y"]},
        {"kid": "symmetric", "kty": "oct", "k": "AAAA"},
        {"kid": "too short", "kty": "RSA", "n": base64url(b"\xff" * 255), "e": "AQAB"},
    ]
    for entry in issuer.extra:
        assert isinstance(entry, dict)
        text = issuer.token(header={"kid": entry["kid"]})
        assert await refusal(issuer, text) == "the issuer has no such key", entry["kid"]


async def test_of_a_key_that_an_issuer_shows_whole_the_private_part_is_not_kept(issuer: TokenIssuer) -> None:
    issuer.extra = [{**issuer.keys["ES256-1"][1].as_dict(private=True), "kid": "ES256-1"}]
    tokens = tokens_of(issuer)
    await tokens.caller(Presented(issuer.token(), is_assertion=False))
    [(known, _)] = tokens._bearers

    found = await known.keys.get("ES256-1")
    assert found is not None
    assert not found._key.is_private


class Held(httpx.AsyncBaseTransport):
    """Nothing is answered before ``ended``."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.asked = asyncio.Event()
        self.ended = asyncio.Event()
        self._issuer = issuer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.set()
        await self.ended.wait()
        return await self._issuer.transport.handle_async_request(request)


async def test_a_slow_issuer_is_given_up(issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_keys, "FETCH_TIMEOUT", 0.01)

    tokens = IdentityTokens.of(load(**OIDC), issuer.clock, Held(issuer))
    assert tokens is not None
    with pytest.raises(KeysUnavailable):
        await tokens.caller(Presented(issuer.token(), is_assertion=False))


async def test_those_who_come_while_keys_are_fetched_wait_for_them(issuer: TokenIssuer) -> None:
    held = Held(issuer)
    tokens = IdentityTokens.of(load(**OIDC), issuer.clock, held)
    assert tokens is not None
    waiting = [
        asyncio.create_task(tokens.caller(Presented(issuer.token(), is_assertion=False))) for _ in range(10)
    ]
    await held.asked.wait()
    held.ended.set()

    assert {found.id for found in await asyncio.gather(*waiting)} == {"oidc:alice"}
    assert issuer.asked == [DISCOVERY, KEYS]


async def test_nobody_else_waits_while_known_keys_are_fetched_again(issuer: TokenIssuer) -> None:
    held = Held(issuer)
    held.ended.set()
    tokens = IdentityTokens.of(load(**OIDC), issuer.clock, held)
    assert tokens is not None
    await tokens.caller(Presented(issuer.token(), is_assertion=False))
    held.ended.clear()
    held.asked.clear()
    issuer.clock.now += LIFETIME
    text = issuer.token()
    first = asyncio.create_task(tokens.caller(Presented(text, is_assertion=False)))
    await held.asked.wait()

    assert (await tokens.caller(Presented(text, is_assertion=False))).id == "oidc:alice"
    assert not first.done()
    held.ended.set()
    assert (await first).id == "oidc:alice"


# Settings


@pytest.mark.parametrize(
    "flags",
    [
        {"oidc_issuer": ISSUER},
        {"oidc_audience": AUDIENCE},
        {"oidc_issuer": "http://login.example.com", "oidc_audience": "a"},
        {"oidc_roles": "a=root"},
        {"oidc_roles": "a"},
        {"oidc_roles": "a=admin,a=viewer"},
        {"iap_roles": "*=admin"},
        {"iap_roles": "a*@example.com=admin"},
        {"iap_roles": "*@*=admin"},
        {"service_accounts": "device=a@example.com"},
        {"service_accounts": "gateway=*"},
    ],
)
def test_settings_that_make_no_sense_stop_the_start(flags: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        IdentityTokens.of(load(**flags), Clock())


def test_without_settings_no_token_counts() -> None:
    assert IdentityTokens.of(load(), Clock()) is None


def test_two_tokens_are_two_accounts_of_failed_logins() -> None:
    one, other = Presented("a.b.c", is_assertion=False), Presented("a.b.d", is_assertion=False)
    assert one.account != other.account
    assert hashlib.sha256(b"a.b.c").hexdigest() in one.account
