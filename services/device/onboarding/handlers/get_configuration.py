"""GetConfiguration of 1.6 answered: the station has reported its settings, or cannot."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..limits import limit_requests_v16
from ..service import Onboardings, router


@router.on_result(v16.GetConfiguration)
async def get_configuration_v16(
    result: Result[ocpp16.GetConfigurationRequest, ocpp16.GetConfigurationResponse],
    onboardings: Onboardings,
) -> None:
    """A station that rejects the request is not asked again until it has other firmware. It is asked for the
    limits of one message alone, unless it has no such action.
    """
    if result.request.key or not result.reached_station:
        return
    await onboardings.inventoried(result.station_id, result.command_id)
    if result.response is None and not result.ended.is_unknown_to_station:
        await onboardings.ask(result.station_id, limit_requests_v16(result))
