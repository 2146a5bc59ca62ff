"""CustomerInformation: a station that has forgotten a customer is to have the token no more (N10)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..model import LocalList
from ..service import LocalLists, router


@router.on_result(v201.CustomerInformation, v21.CustomerInformation)
async def customer_information(
    result: Result[ocpp2.CustomerInformationRequest, ocpp2.CustomerInformationResponse], lists: LocalLists
) -> None:
    token = result.request.id_token
    if result.status == "Accepted" and result.request.clear and token is not None:
        text = token.id_token
        await lists.change(result.station_id, LocalList.customer_cleared, result.command_id, text)
