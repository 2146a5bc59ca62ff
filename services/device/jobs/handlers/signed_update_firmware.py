"""SignedUpdateFirmware of 1.6 answered: accepted or not; an update that it replaced is cancelled."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..service import Jobs, router


@router.on_result(v16.SignedUpdateFirmware)
async def signed_update_firmware_v16(
    result: Result[ocpp16.SignedUpdateFirmwareRequest, ocpp16.SignedUpdateFirmwareResponse], jobs: Jobs
) -> None:
    await jobs.answered(result, result.request.request_id)
