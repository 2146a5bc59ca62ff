"""PullDynamicScheduleUpdate: a station asks for the newest limits of a dynamic profile (K)."""

from __future__ import annotations

from libs.csms.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Ledger, router

NOT_ENABLED = ocpp2.StatusInfoType(reason_code="NotEnabled", additional_info="no dynamic schedule is managed")


@router.on(v21.PullDynamicScheduleUpdate)
async def pull_dynamic_schedule_update(
    call: Call[ocpp2.PullDynamicScheduleUpdateRequest], ledger: Ledger
) -> ocpp2.PullDynamicScheduleUpdateResponse:
    await ledger.journal.note(call)
    return ocpp2.PullDynamicScheduleUpdateResponse(status="Rejected", status_info=NOT_ENABLED)
