"""SignedUpdateFirmware of 1.6 answered: the update that it replaced is cancelled."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..service import Jobs, router


@router.on_result(v16.SignedUpdateFirmware)
async def signed_update_firmware_v16(
    result: Result[ocpp16.SignedUpdateFirmwareRequest, ocpp16.SignedUpdateFirmwareResponse], jobs: Jobs
) -> None:
    if result.status == "AcceptedCanceled":
        await jobs.replaced(result.station_id, "firmware", result.request.request_id, result.answered_at)
