"""What stations ask about certificates, as a CSMS answers that has no certificate authority and asks none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from libs.ocpp_messages import ocpp2


class SigningRequest(NamedTuple):
    """``csr`` is PEM. ``certificate_type`` and ``request_id`` come back with the certificate, where given."""

    station_id: str
    csr: str
    certificate_type: str | None = None
    request_id: int | None = None


Sign = Callable[[SigningRequest], Awaitable[bool]]
"""Whether the certificate will come, by CertificateSigned. Called again when its message is."""


async def no_authority(request: SigningRequest) -> bool:
    return False


NOT_ENABLED = ocpp2.StatusInfoType(
    reason_code="NotEnabled", additional_info="the CSMS has no certificate authority"
)
