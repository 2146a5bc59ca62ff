"""GetDiagnostics of 1.6 answered: without a file name there is nothing to upload."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..model import ACCEPTED
from ..service import Jobs, router


@router.on_result(v16.GetDiagnostics)
async def get_diagnostics_v16(
    result: Result[ocpp16.GetDiagnosticsRequest, ocpp16.GetDiagnosticsResponse], jobs: Jobs
) -> None:
    uploads = result.response is not None and result.response.file_name
    await jobs.answered(result, None, ACCEPTED if uploads else "NothingToUpload")
