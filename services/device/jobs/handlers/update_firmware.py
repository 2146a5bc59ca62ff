"""UpdateFirmware answered: accepted or not; an update that it replaced is cancelled (L01.FR.24)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import Jobs, router


@router.on_result(v16.UpdateFirmware)
async def update_firmware_v16(
    result: Result[ocpp16.UpdateFirmwareRequest, ocpp16.UpdateFirmwareResponse], jobs: Jobs
) -> None:
    """The response of 1.6 has no status: any is an acceptance."""
    await jobs.answered(result, None)


@router.on_result(v201.UpdateFirmware, v21.UpdateFirmware)
async def update_firmware_v2(
    result: Result[ocpp2.UpdateFirmwareRequest, ocpp2.UpdateFirmwareResponse], jobs: Jobs
) -> None:
    await jobs.answered(result, result.request.request_id)
