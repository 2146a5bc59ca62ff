"""NotifyCustomerInformation: what a station knows about a customer, as it was asked (N09, N10)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Device, router


@router.on(v201.NotifyCustomerInformation, v21.NotifyCustomerInformation)
async def notify_customer_information(
    call: Call[ocpp2.NotifyCustomerInformationRequest], device: Device
) -> ocpp2.NotifyCustomerInformationResponse:
    await device.note(call)
    return ocpp2.NotifyCustomerInformationResponse()
