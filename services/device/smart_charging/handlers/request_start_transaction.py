"""RequestStartTransaction: a profile in it is for the transaction that it begins (K05)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..model import ChargingProfile
from ..service import SmartCharging, router

Started = Result[ocpp2.RequestStartTransactionRequest, ocpp2.RequestStartTransactionResponse]


@router.on_result(v201.RequestStartTransaction, v21.RequestStartTransaction)
async def request_start_transaction(result: Started, smart_charging: SmartCharging) -> None:
    """A station that has begun the transaction already names it in its answer."""
    request, response = result.request, result.response
    if result.status != "Accepted" or request.charging_profile is None:
        return
    transaction_id = response.transaction_id if response is not None else None
    profile = ChargingProfile.accepted(
        result.station_id, request.evse_id or 0, request.charging_profile, result.answered_at
    )
    profile = profile.changed(
        transaction_id=transaction_id,
        awaiting_transaction=transaction_id is None,
        remote_start_id=request.remote_start_id,
    )
    await smart_charging.accept(profile, result.command_id, result.version)
