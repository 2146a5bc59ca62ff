"""Authorize: may this token charge? (C01 and those after it; C07 for contract certificates)"""

from __future__ import annotations

from libs.csms.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.version import Version

from ..service import User, router

STATUSES_16 = {"Accepted", "Blocked", "Expired"}
"""Anything else is Invalid in OCPP 1.6; ConcurrentTx is for StartTransaction to say."""

LONGEST_TOKEN = {Version.V16: 20, Version.V201: 36, Version.V21: 255}
"""A group id that the station's version cannot carry is left out."""


@router.on(v16.Authorize)
async def authorize_16(call: Call[ocpp16.AuthorizeRequest], user: User) -> ocpp16.AuthorizeResponse:
    known = await user.authorize(call.request.id_tag, None)
    return ocpp16.AuthorizeResponse(
        id_tag_info=ocpp16.IdTagInfo(
            status=known.status if known.status in STATUSES_16 else "Invalid",  # type: ignore[arg-type]
            expiry_date=_expiry(known),
            parent_id_tag=_group(known, call.version),
        )
    )


@router.on(v201.Authorize, v21.Authorize)
async def authorize(call: Call[ocpp2.AuthorizeRequest], user: User) -> ocpp2.AuthorizeResponse:
    """No certificate authority is known here: a contract certificate cannot be verified, so it is refused."""
    token = call.request.id_token
    if call.request.certificate is not None or call.request.iso15118_certificate_hash_data is not None:
        return ocpp2.AuthorizeResponse(
            id_token_info=ocpp2.IdTokenInfoType(status="Invalid"), certificate_status="CertChainError"
        )
    known = await user.authorize(token.id_token, token.type)
    group = _group(known, call.version)
    return ocpp2.AuthorizeResponse(
        id_token_info=ocpp2.IdTokenInfoType(
            status=known.status,  # type: ignore[arg-type]
            cache_expiry_date_time=_expiry(known),
            group_id_token=ocpp2.IdTokenType(id_token=group, type="Central") if group else None,
        )
    )


def _expiry(known: Authorization) -> str | None:
    return rfc3339(known.cache_expiry_date_time) if known.cache_expiry_date_time else None


def _group(known: Authorization, version: Version) -> str | None:
    group = known.group_id_token
    return group if group is not None and len(group) <= LONGEST_TOKEN[version] else None
