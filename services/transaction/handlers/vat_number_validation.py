"""VatNumberValidation: a station asks whether a VAT number is right. It is Rejected, for nobody checks it."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import TransactionService, router

NOT_ENABLED = ocpp2.StatusInfoType(reason_code="NotEnabled", additional_info="the CSMS checks no VAT numbers")


@router.on(v21.VatNumberValidation)
async def vat_number_validation(
    call: Call[ocpp2.VatNumberValidationRequest], service: TransactionService
) -> ocpp2.VatNumberValidationResponse:
    await service.message_log.append(call)
    return ocpp2.VatNumberValidationResponse(
        vat_number=call.request.vat_number,
        evse_id=call.request.evse_id,
        status="Rejected",
        status_info=NOT_ENABLED,
    )
