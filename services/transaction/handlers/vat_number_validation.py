"""VatNumberValidation: a station asks whether a VAT number is right (C)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Ledger, router

NOT_ENABLED = ocpp2.StatusInfoType(reason_code="NotEnabled", additional_info="the CSMS checks no VAT numbers")


@router.on(v21.VatNumberValidation)
async def vat_number_validation(
    call: Call[ocpp2.VatNumberValidationRequest], ledger: Ledger
) -> ocpp2.VatNumberValidationResponse:
    await ledger.message_log.append(call)
    told = call.request
    return ocpp2.VatNumberValidationResponse(
        vat_number=told.vat_number, evse_id=told.evse_id, status="Rejected", status_info=NOT_ENABLED
    )
