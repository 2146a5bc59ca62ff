"""PublishFirmware answered: the local controller offers the firmware, or does not (L03)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Jobs, router


@router.on_result(v201.PublishFirmware, v21.PublishFirmware)
async def publish_firmware_v2(
    result: Result[ocpp2.PublishFirmwareRequest, ocpp2.PublishFirmwareResponse], jobs: Jobs
) -> None:
    await jobs.answered(result, result.request.request_id)
