"""RemoteStartTransaction (1.6 §5.11): a profile in it is for the transaction that it begins."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..model import ChargingProfile
from ..service import SmartCharging, router
from ..transactions import token_key

Started = Result[ocpp16.RemoteStartTransactionRequest, ocpp16.RemoteStartTransactionResponse]


@router.on_result(v16.RemoteStartTransaction)
async def remote_start_transaction(result: Started, smart_charging: SmartCharging) -> None:
    request = result.request
    if result.status != "Accepted" or request.charging_profile is None:
        return
    profile = ChargingProfile.accepted(
        result.station_id, request.connector_id or 0, request.charging_profile, result.answered_at
    )
    profile = profile.changed(id_token_key=token_key(request.id_tag))
    await smart_charging.accept(profile, result.command_id, result.version)
