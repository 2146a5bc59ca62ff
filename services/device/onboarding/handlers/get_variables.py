"""GetVariables answered: a station that answers for some of its limits is asked for the others."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..limits import further_limit_requests_v2
from ..service import Onboardings, router


@router.on_result(v201.GetVariables, v21.GetVariables)
async def get_variables_v2(
    result: Result[ocpp2.GetVariablesRequest, ocpp2.GetVariablesResponse], onboardings: Onboardings
) -> None:
    """One that refuses the first request is not asked again."""
    if result.response is not None and (requests := list(further_limit_requests_v2(result))):
        await onboardings.ask(result.station_id, requests)
