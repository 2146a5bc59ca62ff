"""Secrets of stations by REST, and admission: a gateway asks whether a station may connect."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field, SecretStr, model_validator

from libs.csms.access.routes import CHANGES_NOTHING, ScopedRouter, needs
from libs.csms.access.scopes import Scope
from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.errors import DomainError, NotFound, Unauthenticated, Unavailable
from libs.csms.storage.store import Document
from libs.csms.web.app import Body
from libs.csms.web.fields import plain

from .model import MAX_SECRET_LENGTH, MIN_SECRET_LENGTH, MIN_WEAK_LENGTH, StationSecurity
from .service import Security

_REFUSALS: dict[int, type[DomainError]] = {401: Unauthenticated, 404: NotFound, 503: Unavailable}


def _plain_secret(secret: SecretStr) -> SecretStr:
    plain(secret.get_secret_value())
    return secret


SecretText = Annotated[
    SecretStr,
    Field(min_length=MIN_SECRET_LENGTH, max_length=MAX_SECRET_LENGTH),
    AfterValidator(_plain_secret),
]
WeakSecretText = Annotated[
    SecretStr,
    Field(min_length=MIN_WEAK_LENGTH, max_length=MIN_SECRET_LENGTH - 1),
    AfterValidator(_plain_secret),
]


class CredentialBody(Body):
    secret: SecretText | None = Field(
        default=None, description="The new secret of the station; without it, one is generated."
    )
    weak_secret: WeakSecretText | None = Field(
        default=None,
        description="A secret of 8 to 15 characters instead, for a station that was taken over from another"
        " system. It can be guessed: give the station another one soon. CSMS_WEAK_SECRETS can forbid it.",
    )

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if self.secret is not None and self.weak_secret is not None:
            raise ValueError("has both secret and weakSecret")
        return self

    @property
    def given(self) -> str | None:
        secret = self.secret or self.weak_secret
        return None if secret is None else secret.get_secret_value()


class ProfileBody(Body):
    security_profile: int = Field(
        strict=True,
        ge=0,
        le=3,
        description="What the station must show to connect: 0 nothing, 1 its secret, 2 and 3 TLS too.",
    )
    lower: bool = Field(
        default=False, description="Must be true where that is less than the station needs today."
    )


class AdmissionBody(Body):
    authorization: SecretStr = Field(
        default=SecretStr(""), description="The station's Authorization header, empty if it sent none."
    )
    tls: bool = Field(
        default=False,
        description="Whether the station connects with TLS, as reported by the proxy that terminates it.",
    )


class IssuedSecret(Document):
    station_id: str = Field(description="The station that needs the secret to connect.")
    secret: str | None = Field(
        default=None, description="The secret, shown only in this answer, and only if it was generated."
    )


class SecurityView(Document):
    station_id: str = Field(description="The id of the station.")
    has_secret: bool = Field(description="Whether the station needs a secret to connect.")
    weak_secret: bool | None = Field(
        default=None, description="True if a secret of it has fewer than 16 characters; otherwise absent."
    )
    security_profile: int | None = Field(
        default=None,
        description="The highest that the station has had (A05), unless the operator lowered it: 1 and above"
        " need a secret, 2 and above TLS.",
    )
    offered_security_profiles: tuple[int, ...] | None = Field(
        default=None,
        description="Higher profiles that the station has accepted, but has not connected with yet.",
    )


def security_api(security: Security) -> APIRouter:
    router = ScopedRouter(
        Scope.STATIONS_READ, Scope.CREDENTIALS_WRITE, prefix="/chargingstations/{id}", tags=["Security"]
    )

    @router.get("/security", response_model=SecurityView, response_model_exclude_none=True)
    async def get_security(id: str) -> SecurityView:
        """What the station must show when it connects."""
        await security.registry.existing(id)
        return _view(id, await security.of_station(id))

    @router.put("/security/profile", response_model=SecurityView, response_model_exclude_none=True)
    async def set_security_profile(id: str, body: ProfileBody) -> SecurityView:
        """Set what the station must show from its next connection on. If that is more, its connection ends.

        This changes nothing at the station: to move it to another profile, send it `SetNetworkProfile`,
        `SetVariables` or `ChangeConfiguration`. CSMS_MIN_SECURITY_PROFILE applies all the same.
        """
        set_profile = security.lower_profile if body.lower else security.raise_profile
        return _view(id, await set_profile(id, body.security_profile))

    @router.post(
        "/credentials", status_code=201, response_model=IssuedSecret, response_model_exclude_none=True
    )
    async def set_credentials(
        id: str, response: Response, body: CredentialBody | None = None
    ) -> IssuedSecret:
        """Replace the secret by a generated or given one. Connections with the one before end."""
        given = None if body is None else body.given
        if body is not None and body.weak_secret is not None:
            security.refuse_weak_secrets()
        secret = await security.set_secret(id, given)
        response.headers["Cache-Control"] = "no-store"
        return IssuedSecret(station_id=id, secret=secret if given is None else None)

    @router.delete("/credentials", status_code=204)
    async def delete_credentials(id: str) -> None:
        """Delete the secret. The station then connects without, unless CSMS_MIN_SECURITY_PROFILE is 1 or
        more.
        """
        await security.delete_secrets(id)

    @router.post(
        "/admission",
        response_model=Admission,
        response_model_exclude_none=True,
        openapi_extra=needs(Scope.ADMISSION) | CHANGES_NOTHING,
    )
    async def admit(id: str, body: AdmissionBody) -> Admission:
        """For gateways: whether the station may connect with this Authorization header and TLS or not."""
        try:
            return await security.admit(id, body.authorization.get_secret_value(), body.tls)
        except NotAdmitted as refusal:
            kind, members = _REFUSALS[refusal.status], {"reason": refusal.reason}
            raise kind(refusal.detail, retry_after=refusal.retry_after, **members) from refusal

    return router


def _view(station_id: str, known: StationSecurity) -> SecurityView:
    return SecurityView(
        station_id=station_id,
        has_secret=known.needs_secret,
        weak_secret=known.has_weak_secret or None,
        security_profile=known.security_profile,
        offered_security_profiles=known.offered_security_profiles,
    )
