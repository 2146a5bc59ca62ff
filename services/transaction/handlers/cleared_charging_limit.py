"""ClearedChargingLimit: a limit from outside has ended (K12)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Ledger, router


@router.on(v201.ClearedChargingLimit, v21.ClearedChargingLimit)
async def cleared_charging_limit(
    call: Call[ocpp2.ClearedChargingLimitRequest], ledger: Ledger
) -> ocpp2.ClearedChargingLimitResponse:
    await ledger.message_log.append(call)
    return ocpp2.ClearedChargingLimitResponse()
