"""How tokens of each type are answered that are not registered, and of which types an authorizer is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

from pydantic import Field

from libs.csms.errors import Conflict
from libs.csms.storage.store import Collection, Document, Store
from libs.csms.web.app import Body

PolicyType = Literal[
    "Central",
    "DirectPayment",
    "eMAID",
    "EVCCID",
    "ISO14443",
    "ISO15693",
    "KeyCode",
    "Local",
    "MacAddress",
    "NoAuthorization",
    "VIN",
]
"""IdTokenEnumType of OCPP 2.1, which has those of 2.0.1."""

Decision = Literal["accept", "known"]
Policy = Literal["accept", "known", "ask"]

ACCEPTED: set[PolicyType] = {"Central", "DirectPayment", "Local", "NoAuthorization"}
"""By default. What is authorized by the CSMS itself, by a terminal, at the station, or not at all."""

UNTYPED: PolicyType = "ISO14443"
"""Whose policy counts for a station of OCPP 1.6, which has no types, if the token is not registered."""

_TYPES: dict[str, PolicyType] = {one.casefold(): one for one in get_args(PolicyType)}


class NoAuthorizer(Conflict):
    """Nobody can be asked: CSMS_AUTHORIZER_URL is not set."""

    def __init__(self) -> None:
        super().__init__("body.policy: there is nobody to ask, for CSMS_AUTHORIZER_URL is not set")


class PolicyBody(Body):
    policy: Policy = Field(
        description="accept: any token of the type may charge; known: only registered ones; ask: the "
        "authorizer of CSMS_AUTHORIZER_URL says so. A registered token that is not Accepted may never charge."
    )
    fallback: Decision = Field(
        default="known", description="With ask: what counts while the authorizer does not answer."
    )


class AuthorizationPolicy(Document):
    """How tokens of one type are answered."""

    type: str = Field(
        description="IdTokenEnumType of OCPP 2.1. That of ISO14443 also counts for tokens that a station of "
        "OCPP 1.6 names and that are not registered."
    )
    policy: Policy = Field(
        description="accept: any token of the type may charge; known: only registered ones; ask: the "
        "authorizer of CSMS_AUTHORIZER_URL says so. A registered token that is not Accepted may never charge."
    )
    fallback: Decision = Field(
        default="known", description="With ask: what counts while the authorizer does not answer."
    )

    @property
    def without_authorizer(self) -> Decision:
        """What counts where the authorizer is not to be asked, or does not answer."""
        return self.fallback if self.policy == "ask" else self.policy


@dataclass(frozen=True)
class Policies:
    documents: Collection[AuthorizationPolicy]
    """By type. A type that has none here has its default."""

    @classmethod
    def of(cls, store: Store) -> Self:
        return cls(store.collection("authorizationPolicies", AuthorizationPolicy))

    async def of_type(self, type_: str | None) -> AuthorizationPolicy:
        """In any case; None is a token of OCPP 1.6. Of a type that OCPP does not have, only known tokens
        may charge.
        """
        named = UNTYPED if type_ is None else _TYPES.get(type_.casefold())
        if named is None:
            return AuthorizationPolicy(type=str(type_), policy="known")
        return await self.documents.get(named) or _default(named)

    async def all(self) -> list[AuthorizationPolicy]:
        return [await self.of_type(one) for one in _TYPES.values()]

    async def put(self, type_: PolicyType, body: PolicyBody, can_ask: bool) -> AuthorizationPolicy:
        """Raises ``NoAuthorizer``."""
        if body.policy == "ask" and not can_ask:
            raise NoAuthorizer
        policy = AuthorizationPolicy(type=type_, policy=body.policy, fallback=body.fallback)
        await self.documents.put(type_, policy)
        return policy


def _default(type_: PolicyType) -> AuthorizationPolicy:
    return AuthorizationPolicy(type=type_, policy="accept" if type_ in ACCEPTED else "known")
