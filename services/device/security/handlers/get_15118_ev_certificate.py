"""Get15118EVCertificate: a vehicle asks for a contract certificate, or a newer one (M01, M02)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..certificates import NOT_ENABLED
from ..service import Security, router


@router.on(v201.Get15118EVCertificate, v21.Get15118EVCertificate)
async def get_15118_ev_certificate(
    call: Call[ocpp2.Get15118EVCertificateRequest], security: Security
) -> ocpp2.Get15118EVCertificateResponse:
    await security.messages.append(call)
    return ocpp2.Get15118EVCertificateResponse(status="Failed", exi_response="", status_info=NOT_ENABLED)
