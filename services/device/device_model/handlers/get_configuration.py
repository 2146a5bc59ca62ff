"""GetConfiguration of 1.6 answered: its keys are stored as variables (B06)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..answers import variable_v16
from ..service import DeviceModel, router


@router.on_result(v16.GetConfiguration)
async def get_configuration_v16(
    result: Result[ocpp16.GetConfigurationRequest, ocpp16.GetConfigurationResponse], device_model: DeviceModel
) -> None:
    if result.response is None:
        return
    keys = result.response.configuration_key or ()
    variables = [
        variable_v16(result.station_id, one.key, one.value, one.readonly, result.answered_at) for one in keys
    ]
    await device_model.merge(device_model.variables, variables)
