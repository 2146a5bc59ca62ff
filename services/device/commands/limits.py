"""The limits of one message that a station has reported: longer messages are refused before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

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


@dataclass(frozen=True)
class MessageLimits:
    """What a station takes in one message of an action; None where it has reported no limit."""

    place: str
    """The field of the items."""
    max_items: int | None
    max_bytes: int | None
    """Of the whole payload."""

    def check(self, items: int, size: int) -> None:
        """Raises ``Invalid``, which names the limit."""
        if self.max_items is not None and items > self.max_items:
            raise Invalid(
                f"{self.place}: the station takes {self.max_items} items a message, and these are {items}"
            )
        if self.max_bytes is not None and size > self.max_bytes:
            raise Invalid(f"the station takes {self.max_bytes} bytes a message, and these are {size}")

    def split(self, alone: Sequence[int]) -> list[int]:
        """How many of the items go into each message, in their order. ``alone`` are the bytes of the message
        with that item only. Raises ``Invalid`` where one item is too long for a message.
        """
        empty = len(orjson.dumps({self.place: []}))
        counts, size = [0], 0
        for number, bytes_alone in enumerate(alone):
            if self.max_bytes is not None and bytes_alone > self.max_bytes:
                raise Invalid(
                    f"{self.place}.{number}: the station takes {self.max_bytes} bytes a message, "
                    f"and this item alone makes {bytes_alone}"
                )
            longer = size + 1 + bytes_alone - empty if counts[-1] else bytes_alone
            if counts[-1] and not self._fits(counts[-1] + 1, longer):
                counts.append(0)
                longer = bytes_alone
            counts[-1] += 1
            size = longer
        return counts

    def _fits(self, items: int, size: int) -> bool:
        enough_items = self.max_items is None or items <= self.max_items
        return enough_items and (self.max_bytes is None or size <= self.max_bytes)


async def limits_of(commands: Commands, station_id: str, action: str) -> MessageLimits:
    """For an action of ``ITEMS``."""
    component, instance, place = ITEMS[action]
    max_items = await _limit(commands, station_id, component, "ItemsPerMessage", instance)
    max_bytes = await _limit(commands, station_id, component, "BytesPerMessage", instance)
    return MessageLimits(place, max_items, max_bytes)


async def refuse_too_much(commands: Commands, station_id: str, action: str, payload: Any, size: int) -> None:
    """``size`` of the payload in bytes. Raises ``Invalid``, which names the limit."""
    if action == "SetChargingProfile" and "chargingProfile" in payload:
        await _refuse_id(commands, station_id, payload["chargingProfile"]["id"])
    if action in ITEMS:
        limits = await limits_of(commands, station_id, action)
        limits.check(len(payload.get(limits.place) or []), size)


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
