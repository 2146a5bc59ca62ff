"""GetBaseReport answered: the station reports its device model, or cannot (B07)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..limits import limit_requests_v2
from ..service import Onboardings, router


@router.on_result(v201.GetBaseReport, v21.GetBaseReport)
async def get_base_report_v2(
    result: Result[ocpp2.GetBaseReportRequest, ocpp2.GetBaseReportResponse], onboardings: Onboardings
) -> None:
    """A station that rejects the request is not asked again until it has other firmware. It is asked for the
    limits of one message alone.
    """
    if result.request.report_base != "FullInventory" or not result.reached_station:
        return
    await onboardings.inventoried(result.station_id, result.command_id)
    if result.response is None or result.response.status != "Accepted":
        await onboardings.ask(result.station_id, limit_requests_v2(result))
