"""UpdateFirmware answered: the update that it replaced is cancelled (L01.FR.24)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Jobs, router


@router.on_result(v201.UpdateFirmware, v21.UpdateFirmware)
async def update_firmware_v2(
    result: Result[ocpp2.UpdateFirmwareRequest, ocpp2.UpdateFirmwareResponse], jobs: Jobs
) -> None:
    if result.status == "AcceptedCanceled":
        await jobs.replaced(result.station_id, "firmware", result.request.request_id, result.answered_at)
