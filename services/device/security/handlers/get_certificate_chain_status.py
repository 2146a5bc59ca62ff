"""GetCertificateChainStatus: whether the certificates of a chain are still good, one by one (M)."""

from __future__ import annotations

from datetime import timedelta

from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Security, router

NEXT_UPDATE_DELAY = timedelta(days=1)
"""After this time the station asks again."""


@router.on(v21.GetCertificateChainStatus)
async def get_certificate_chain_status(
    call: Call[ocpp2.GetCertificateChainStatusRequest], security: Security
) -> ocpp2.GetCertificateChainStatusResponse:
    """No OCSP server is asked: the addresses come from the station and are not trusted."""
    await security.messages.append(call)
    later = rfc3339(call.received_at + NEXT_UPDATE_DELAY)
    return ocpp2.GetCertificateChainStatusResponse(
        certificate_status=[
            ocpp2.CertificateStatusType(
                certificate_hash_data=asked.certificate_hash_data,
                source=asked.source,
                status="Failed",
                next_update=later,
            )
            for asked in call.request.certificate_status_requests
        ]
    )
