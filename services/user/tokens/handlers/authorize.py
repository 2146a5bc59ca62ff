"""Authorize: may this token charge? (C01 and those after it; C07 for contract certificates)"""

from __future__ import annotations

from typing import Any

from libs.csms.clients.authorization import Presented, id_tag_info_v16, id_token_info_v2
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import Tokens, router


@router.on(v16.Authorize)
async def authorize_v16(call: Call[ocpp16.AuthorizeRequest], tokens: Tokens) -> ocpp16.AuthorizeResponse:
    authorization = await tokens.authorize(call.request.id_tag, None, _presented(call))
    return ocpp16.AuthorizeResponse(id_tag_info_v16(authorization))


@router.on(v201.Authorize, v21.Authorize)
async def authorize_v2(call: Call[ocpp2.AuthorizeRequest], tokens: Tokens) -> ocpp2.AuthorizeResponse:
    """A contract certificate is refused: there is no certificate authority here that could verify it."""
    token = call.request.id_token
    if call.request.certificate is not None or call.request.iso15118_certificate_hash_data is not None:
        return ocpp2.AuthorizeResponse(
            id_token_info=ocpp2.IdTokenInfoType(status="Invalid"), certificate_status="CertChainError"
        )
    authorization = await tokens.authorize(token.id_token, token.type, _presented(call))
    return ocpp2.AuthorizeResponse(id_token_info=id_token_info_v2(authorization, call.version))


def _presented(call: Call[Any]) -> Presented | None:
    """None where the device service asks, for a remote start: that is on no connection. An operator who
    mistypes a KeyCode is no station that guesses, and a block of the station does not stop him.
    """
    return Presented.in_message(call.message) if call.message.connection_id else None
