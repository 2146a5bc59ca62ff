"""ChangeConfiguration of 1.6 answered: the value that the station accepted is stored (B05)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp16, v16

from ..answers import variable_v16
from ..service import DeviceModel, router


@router.on_result(v16.ChangeConfiguration)
async def change_configuration_v16(
    result: Result[ocpp16.ChangeConfigurationRequest, ocpp16.ChangeConfigurationResponse],
    device_model: DeviceModel,
) -> None:
    if result.status != "Accepted":
        return
    key, value = result.request.key, result.request.value
    variable = variable_v16(result.station_id, key, value, None, result.answered_at)
    await device_model.merge(device_model.variables, [variable])
