"""GetCertificateStatus: a station wants to know by OCSP whether a certificate is still good (M06)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..certificates import NOT_ENABLED
from ..service import Security, router


@router.on(v201.GetCertificateStatus, v21.GetCertificateStatus)
async def get_certificate_status(
    call: Call[ocpp2.GetCertificateStatusRequest], security: Security
) -> ocpp2.GetCertificateStatusResponse:
    """No OCSP server is asked: the address comes from the station and is not trusted."""
    await security.messages.append(call)
    return ocpp2.GetCertificateStatusResponse(status="Failed", status_info=NOT_ENABLED)
