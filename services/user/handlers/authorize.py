"""Authorize: may this token charge? (C01 and those after it; C07 for contract certificates)"""

from __future__ import annotations

from libs.csms.clients.authorization import id_tag_info, id_token_info
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import User, router


@router.on(v16.Authorize)
async def authorize_16(call: Call[ocpp16.AuthorizeRequest], user: User) -> ocpp16.AuthorizeResponse:
    return ocpp16.AuthorizeResponse(id_tag_info(await user.authorize(call.request.id_tag, None)))


@router.on(v201.Authorize, v21.Authorize)
async def authorize(call: Call[ocpp2.AuthorizeRequest], user: User) -> ocpp2.AuthorizeResponse:
    """No certificate authority is known here: a contract certificate cannot be verified, so it is refused."""
    token = call.request.id_token
    if call.request.certificate is not None or call.request.iso15118_certificate_hash_data is not None:
        return ocpp2.AuthorizeResponse(
            id_token_info=ocpp2.IdTokenInfoType(status="Invalid"), certificate_status="CertChainError"
        )
    known = await user.authorize(token.id_token, token.type)
    return ocpp2.AuthorizeResponse(id_token_info=id_token_info(known, call.version))
