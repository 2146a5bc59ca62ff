"""Secrets of stations, and the question of a gateway whether a station may connect."""

from __future__ import annotations

from fastapi import APIRouter, Response

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.errors import DomainError, NotFound, Unauthenticated, Unavailable
from libs.csms.storage.queries import update_from
from libs.csms.storage.store import Document

from . import operations
from .bodies import AdmissionBody, CredentialBody
from .credential import Credential, Secret, new_secret
from .dismissal import revoke_access
from .service import Device

_REFUSALS: dict[int, type[DomainError]] = {401: Unauthenticated, 404: NotFound, 503: Unavailable}


class Issued(Document):
    """``secret`` is shown this once, and only if it was made here."""

    station_id: str
    secret: str | None = None


def security_api(device: Device) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}", tags=["Security"])

    @router.post("/credentials", status_code=201, response_model=Issued, response_model_exclude_none=True)
    async def set_credentials(id: str, response: Response, body: CredentialBody | None = None) -> Issued:
        """Make a secret, or set the one given, in the place of the one before, whose connection ends."""
        await operations.existing(device, id)
        given = body.secret if body is not None else None
        secret = given.get_secret_value() if given is not None else new_secret()
        if await _replace(device, id, secret):
            reason = "the secret of the charging station has been replaced"
            await revoke_access(device, id, reason)
        response.headers["Cache-Control"] = "no-store"
        return Issued(station_id=id, secret=secret if given is None else None)

    @router.delete("/credentials", status_code=204)
    async def delete_credentials(id: str) -> None:
        """The station connects without a secret then, unless CSMS_MIN_SECURITY_PROFILE is 1 or more."""
        deleted = await device.credentials.delete(id)
        if deleted is None or not deleted.secrets:
            raise NotFound("the charging station has no secret")

    @router.post("/admission", response_model=Admission, response_model_exclude_none=True)
    async def admit(id: str, body: AdmissionBody) -> Admission:
        """For gateways: may the station connect with this Authorization header, and with TLS or without?"""
        try:
            return await device.admit(id, body.authorization.get_secret_value(), body.tls)
        except NotAdmitted as refusal:
            raise _REFUSALS[refusal.status](refusal.detail) from refusal

    return router


async def _replace(device: Device, id: str, secret: str) -> bool:
    """Whether the station had another one before, or none."""
    new, none = Secret.of(secret, device.clock()), Credential(secrets=())

    def replaced(credential: Credential | None) -> Credential:
        known = credential or none
        return known if known.is_only(secret) else known.replaced(new)

    before, after = await update_from(device.credentials, id, replaced)
    return after is not (before or none)
