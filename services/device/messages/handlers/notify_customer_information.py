"""NotifyCustomerInformation: a station reports what it knows about a customer, on request (N09, N10)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Messages, router


@router.on(v201.NotifyCustomerInformation, v21.NotifyCustomerInformation)
async def notify_customer_information(
    call: Call[ocpp2.NotifyCustomerInformationRequest], messages: Messages
) -> ocpp2.NotifyCustomerInformationResponse:
    await messages.append(call)
    return ocpp2.NotifyCustomerInformationResponse()
