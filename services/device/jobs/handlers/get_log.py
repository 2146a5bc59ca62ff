"""GetLog answered: accepted or not; an upload that it replaced is cancelled (N01.FR.12)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import Jobs, router


@router.on_result(v16.GetLog)
async def get_log_v16(result: Result[ocpp16.GetLogRequest, ocpp16.GetLogResponse], jobs: Jobs) -> None:
    await jobs.answered(result, result.request.request_id)


@router.on_result(v201.GetLog, v21.GetLog)
async def get_log_v2(result: Result[ocpp2.GetLogRequest, ocpp2.GetLogResponse], jobs: Jobs) -> None:
    await jobs.answered(result, result.request.request_id)
