"""SignCertificate: a station asks for a certificate, which comes later by CertificateSigned (A02, A03)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..certificates import NOT_ENABLED, SigningRequest
from ..service import Device, router


@router.on(v16.SignCertificate)
async def sign_certificate_16(
    call: Call[ocpp16.SignCertificateRequest], device: Device
) -> ocpp16.SignCertificateResponse:
    await device.note(call)
    will_sign = await device.sign(SigningRequest(call.station_id, call.request.csr))
    return ocpp16.SignCertificateResponse(status="Accepted" if will_sign else "Rejected")


@router.on(v201.SignCertificate, v21.SignCertificate)
async def sign_certificate(
    call: Call[ocpp2.SignCertificateRequest], device: Device
) -> ocpp2.SignCertificateResponse:
    await device.note(call)
    told = call.request
    request = SigningRequest(call.station_id, told.csr, told.certificate_type, told.request_id)
    if await device.sign(request):
        return ocpp2.SignCertificateResponse(status="Accepted")
    return ocpp2.SignCertificateResponse(status="Rejected", status_info=NOT_ENABLED)
