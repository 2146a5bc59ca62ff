"""SetVariables answered: the values that the station accepted are stored (B05)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..answers import variables_v2
from ..service import DeviceModel, router


@router.on_result(v201.SetVariables, v21.SetVariables)
async def set_variables_v2(
    result: Result[ocpp2.SetVariablesRequest, ocpp2.SetVariablesResponse], device_model: DeviceModel
) -> None:
    if result.response is None:
        return
    values, results = result.request.set_variable_data, result.response.set_variable_result
    variables = list(variables_v2(result.station_id, values, results, result.answered_at))
    await device_model.merge(device_model.variables, variables)
