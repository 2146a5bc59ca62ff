"""The limits of one message that a station has reported: longer messages are refused before they are sent."""

from __future__ import annotations

from typing import Any

from libs.csms.errors import Invalid

from ..device_model.model import Component, ReportedVariable, Variable
from .service import Commands

ITEMS: dict[str, tuple[str, str | None, str]] = {
    "ClearVariableMonitoring": ("MonitoringCtrlr", "ClearVariableMonitoring", "id"),
    "GetConfiguration": ("DeviceDataCtrlr", "GetVariables", "key"),
    "GetReport": ("DeviceDataCtrlr", "GetReport", "componentVariable"),
    "GetVariables": ("DeviceDataCtrlr", "GetVariables", "getVariableData"),
    "SendLocalList": ("LocalAuthListCtrlr", None, "localAuthorizationList"),
    "SetVariableMonitoring": ("MonitoringCtrlr", "SetVariableMonitoring", "setMonitoringData"),
    "SetVariables": ("DeviceDataCtrlr", "SetVariables", "setVariableData"),
}
"""Component and instance of ItemsPerMessage and BytesPerMessage, and the field of the items: B05.FR.11,
B06.FR.05, B08, D01.FR.11, N04.FR.09, N06.FR.04; of OCPP 1.6, GetConfigurationMaxKeys, SendLocalListMaxLength.
"""


async def refuse_too_much(commands: Commands, station_id: str, action: str, payload: Any, size: int) -> None:
    """``size`` of the payload in bytes. Raises ``Invalid``, which names the limit."""
    if action == "SetChargingProfile" and "chargingProfile" in payload:
        await _refuse_id(commands, station_id, payload["chargingProfile"]["id"])
    if action not in ITEMS:
        return
    component, instance, place = ITEMS[action]
    items = payload.get(place) or []
    max_items = await _limit(commands, station_id, component, "ItemsPerMessage", instance)
    if max_items is not None and len(items) > max_items:
        raise Invalid(f"{place}: the station takes {max_items} items a message, and these are {len(items)}")
    max_bytes = await _limit(commands, station_id, component, "BytesPerMessage", instance)
    if max_bytes is not None and size > max_bytes:
        raise Invalid(f"the station takes {max_bytes} bytes a message, and these are {size}")


async def _refuse_id(commands: Commands, station_id: str, id: int) -> None:
    """K01.FR.80: ids up to MaxExternalConstraintsId are for external constraints."""
    reserved = await _limit(commands, station_id, "SmartChargingCtrlr", "MaxExternalConstraintsId", None)
    if reserved is not None and id <= reserved:
        raise Invalid(f"chargingProfile.id: the station keeps the ids up to {reserved} to itself")


async def _limit(
    commands: Commands, station_id: str, component: str, name: str, instance: str | None
) -> int | None:
    place = ReportedVariable(
        station_id=station_id,
        component=Component(name=component),
        variable=Variable(name=name, instance=instance),
        attributes=[],
    )
    known = await commands.device_model.variables.get(place.key)
    values = [one.value for one in known.attributes if one.type == "Actual"] if known else []
    return next((int(value) for value in values if value and value.isdecimal()), None)
