"""Who the bearer of an identity token is, and what he may do: people by OpenID Connect and by Google's
Identity-Aware Proxy, and services of this CSMS by their accounts.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Self
from urllib.parse import quote

import httpx
from starlette.datastructures import Headers

from ..clock import Clock
from ..errors import Forbidden
from ..settings import BadSetting, Settings
from .callers import SERVICES, Caller
from .identity_tokens import IdentityToken, Issuer, WrongToken
from .scopes import ROLES, Role, Scope
from .signing_keys import SigningKeys

GOOGLE = "https://accounts.google.com"
GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs"
IAP = "https://cloud.google.com/iap"
IAP_KEYS = "https://www.gstatic.com/iap/verify/public_key-jwk"
IAP_HEADER = "X-Goog-IAP-JWT-Assertion"

CACHE_LIFETIME = timedelta(minutes=1)
"""After which a token is checked again, unless it has expired before: a signature costs more than the rest.
"""

CACHE_SIZE = 1_024
"""Tokens that have been checked."""

ALL_GROUPS = "*"
"""In the claim of groups: the stations of all groups, and those of none."""

_TOKEN = re.compile(r"eyJ[^.]*\.[^.]*\.[^.]*")
"""Three parts, of which the first begins as an object of JSON does. Keys have no dots."""

_EMAIL = re.compile(r"[a-z0-9._%+'-]+@[a-z0-9.-]+")
"""All that may stand in an id, in lower case."""


class NoRole(Forbidden):
    """A person has signed in, and may do nothing here."""


class Presented(NamedTuple):
    """An identity token that came with a request."""

    text: str
    is_assertion: bool
    """Whether it is in the header of Identity-Aware Proxy, and not the bearer."""

    @property
    def account(self) -> str:
        """Of failed logins: whoever sends one token again and again is in the way of no other one."""
        kind = "assertion" if self.is_assertion else "token"
        return f"{kind} {hashlib.sha256(self.text.encode()).hexdigest()}"


class _Checked(NamedTuple):
    caller: Caller
    until: datetime


CallerOf = Callable[[IdentityToken], Caller]
"""Of a token that has been checked. Raises ``WrongToken`` and ``NoRole``."""


class IdentityTokens:
    """Those that a service accepts."""

    def __init__(
        self, bearers: list[tuple[Issuer, CallerOf]], assertions: list[tuple[Issuer, CallerOf]], clock: Clock
    ) -> None:
        """``assertions`` are those of Identity-Aware Proxy."""
        self._bearers = bearers
        self._assertions = assertions
        self._clock = clock
        self._checked: OrderedDict[str, _Checked] = OrderedDict()

    @classmethod
    def of(
        cls, settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> Self | None:
        """None where the settings name no issuer. Raises ``BadSetting``."""

        def issuer(name: str, audiences: tuple[str, ...], keys_url: str | None = None) -> Issuer:
            return Issuer(name, frozenset(audiences), SigningKeys(name, clock, keys_url, transport))

        if (settings.oidc_issuer is None) != (settings.oidc_audience is None):
            raise BadSetting("CSMS_OIDC_ISSUER and CSMS_OIDC_AUDIENCE: one needs the other")
        bearers: list[tuple[Issuer, CallerOf]] = []
        assertions: list[tuple[Issuer, CallerOf]] = []
        if settings.oidc_issuer is not None and settings.oidc_audience is not None:
            bearers.append((issuer(settings.oidc_issuer, (settings.oidc_audience,)), _person(settings)))
        if settings.service_accounts and settings.service_audience is not None:
            google = issuer(GOOGLE, (settings.service_audience,), GOOGLE_KEYS)
            bearers.append((google, _service(settings)))
        if settings.iap_audience:
            assertions.append((issuer(IAP, settings.iap_audience, IAP_KEYS), _iap_person(settings.iap_roles)))
        return cls(bearers, assertions, clock) if bearers or assertions else None

    def presented(self, headers: Headers) -> Presented | None:
        """A key that is the bearer counts more than the assertion, which counts more than a token that is the
        bearer: that one may be for the proxy.
        """
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        bearer = bearer.strip()
        is_bearer = scheme.lower() == "bearer"
        is_token = is_bearer and _TOKEN.fullmatch(bearer) is not None
        if self._assertions and (is_token or not is_bearer) and IAP_HEADER in headers:
            return Presented(headers[IAP_HEADER], is_assertion=True)
        return Presented(bearer, is_assertion=False) if self._bearers and is_token else None

    async def caller(self, presented: Presented) -> Caller:
        """Raises ``WrongToken``, ``NoRole`` and ``KeysUnavailable``."""
        account, now = presented.account, self._clock()
        known = self._checked.get(account)
        if known is not None and now < known.until:
            return known.caller
        token = IdentityToken.read(presented.text)
        for issuer, caller_of in self._assertions if presented.is_assertion else self._bearers:
            if issuer.is_of(token):
                ends_at = await issuer.check(token, now)
                caller = caller_of(token)
                self._remember(account, _Checked(caller, min(ends_at, now + CACHE_LIFETIME)))
                return caller
        raise WrongToken("it is of another issuer, or for another audience")

    def _remember(self, account: str, checked: _Checked) -> None:
        self._checked[account] = checked
        self._checked.move_to_end(account)
        if len(self._checked) > CACHE_SIZE:
            self._checked.popitem(last=False)


def _person(settings: Settings) -> CallerOf:
    """The id says where a person is from, so that nobody who signs in here, or elsewhere, has the same."""
    roles: Mapping[str, Role] = settings.oidc_roles or {str(role): role for role in Role}

    def caller(token: IdentityToken) -> Caller:
        subject = token.text("sub")
        if subject is None:
            raise WrongToken("it has no sub")
        given = {roles[name] for name in token.texts(settings.oidc_role_claim) if name in roles}
        if not given:
            raise NoRole(
                f"you have no role here: the claim {settings.oidc_role_claim} of your identity token has "
                f"none of {', '.join(sorted(roles))}"
            )
        groups = None if settings.oidc_groups_claim is None else token.texts(settings.oidc_groups_claim)
        scopes = frozenset[Scope]().union(*(ROLES[role] for role in given))
        groups = None if groups is None or ALL_GROUPS in groups else groups
        name = _verified_email(token) or quote(subject, safe=":|+=~,")  # no subject is another one's address
        return Caller(f"oidc:{name}", "person", scopes, groups)

    return caller


def _iap_person(roles: Mapping[str, Role]) -> CallerOf:
    def caller(token: IdentityToken) -> Caller:
        email = (token.text("email") or "").lower()
        if not _EMAIL.fullmatch(email):
            raise WrongToken("its email is no address")
        role = roles.get(email) or roles.get("*@" + email.rpartition("@")[2])
        if role is None:
            raise NoRole("you have no role here: CSMS_IAP_ROLES does not name your e-mail address")
        return Caller(f"iap:{email}", "person", ROLES[role])

    return caller


def _service(settings: Settings) -> CallerOf:
    names = {account: name for name, account in settings.service_accounts.items()}

    def caller(token: IdentityToken) -> Caller:
        name = names.get(_verified_email(token) or "")
        if name is None:
            raise WrongToken("it is of no service account of this CSMS")
        return SERVICES[name]

    return caller


def _verified_email(token: IdentityToken) -> str | None:
    """None where the issuer does not say that it is the person's. Raises ``WrongToken``."""
    email = (token.text("email") or "").lower()
    return email if token.claims.get("email_verified") is True and _EMAIL.fullmatch(email) else None
