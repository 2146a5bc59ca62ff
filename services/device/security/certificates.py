"""Requests of stations about certificates, and the answer of a CSMS without a certificate authority."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from libs.ocpp_messages import ocpp2


class SigningRequest(NamedTuple):
    """``csr`` is PEM. CertificateSigned repeats ``certificate_type`` and ``request_id``, if given."""

    station_id: str
    csr: str
    certificate_type: str | None = None
    request_id: int | None = None


Sign = Callable[[SigningRequest], Awaitable[bool]]
"""Whether the certificate will be sent, by CertificateSigned. Called again if the message is redelivered."""


async def no_authority(request: SigningRequest) -> bool:
    return False


NOT_ENABLED = ocpp2.StatusInfoType(
    reason_code="NotEnabled", additional_info="the CSMS has no certificate authority"
)
