"""SignCertificate: a station asks for a certificate, which comes later by CertificateSigned (A02, A03)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..certificates import NOT_ENABLED, SigningRequest
from ..service import Security, router


@router.on(v16.SignCertificate)
async def sign_certificate_v16(
    call: Call[ocpp16.SignCertificateRequest], security: Security
) -> ocpp16.SignCertificateResponse:
    await security.messages.append(call)
    will_sign = await security.sign(SigningRequest(call.station_id, call.request.csr))
    return ocpp16.SignCertificateResponse(status="Accepted" if will_sign else "Rejected")


@router.on(v201.SignCertificate, v21.SignCertificate)
async def sign_certificate_v2(
    call: Call[ocpp2.SignCertificateRequest], security: Security
) -> ocpp2.SignCertificateResponse:
    await security.messages.append(call)
    request = call.request
    signing = SigningRequest(call.station_id, request.csr, request.certificate_type, request.request_id)
    if await security.sign(signing):
        return ocpp2.SignCertificateResponse(status="Accepted")
    return ocpp2.SignCertificateResponse(status="Rejected", status_info=NOT_ENABLED)
