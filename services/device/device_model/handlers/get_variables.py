"""GetVariables answered: the values that the station returned are stored (B06)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..answers import variables_v2
from ..service import DeviceModel, router


@router.on_result(v201.GetVariables, v21.GetVariables)
async def get_variables_v2(
    result: Result[ocpp2.GetVariablesRequest, ocpp2.GetVariablesResponse], device_model: DeviceModel
) -> None:
    if result.response is None:
        return
    results = result.response.get_variable_result
    variables = list(variables_v2(result.station_id, results, results, result.answered_at))
    await device_model.merge(device_model.variables, variables)
