"""What stations have accepted as newest limits and setpoints of their dynamic profiles (OCPP 2.1, K28)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import msgspec
from pydantic import Field

from libs.csms.clock import rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode

Update = ocpp2.ChargingScheduleUpdateType

FIELDS = {field.encode_name for field in msgspec.structs.fields(Update)} - {"customData"}


class DynamicSchedule(Document):
    """The newest limits and setpoints of one profile. The same whatever order its updates come in."""

    newest: dict[str, tuple[str, str, int | float]] = Field(
        default={},
        description="By field of ChargingScheduleUpdateType: when the station accepted it, the id of the "
        "UpdateDynamicSchedule that brought it, and its value in W or A.",
    )

    @classmethod
    def updated(cls, update: Update, command_id: str, at: datetime) -> Self:
        values = msgspec.json.decode(encode(update))
        newest = {name: (rfc3339(at), command_id, value) for name, value in values.items() if name in FIELDS}
        return cls(newest=newest)

    def merge(self, known: Self | None) -> Self:
        """``known`` itself if this says nothing new."""
        if known is None:
            return self
        newest = known.newest | {
            name: max(update, known.newest.get(name, update), key=lambda one: one[:2])
            for name, update in self.newest.items()
        }
        return known.changed(newest=newest)

    def applied_to(self, profile: Json, since: datetime) -> Json:
        """The profile with what has been accepted ``since`` then, when the station got it."""
        [schedule, *more_schedules] = profile["chargingSchedule"]
        [period, *more_periods] = schedule["chargingSchedulePeriod"]
        newest = {name: value for name, (at, _, value) in self.newest.items() if at >= rfc3339(since)}
        schedule = schedule | {"chargingSchedulePeriod": [period | newest, *more_periods]}
        return profile | {"chargingSchedule": [schedule, *more_schedules]}


def schedule_id(station_id: str, profile_id: int) -> str:
    """Of the document."""
    return composite_id(station_id, profile_id)


def is_dynamic(profile: Json) -> bool:
    return bool(profile["chargingProfileKind"] == "Dynamic")


def update_of(profile: Json) -> Update:
    """What a station is answered that asks for the newest limits and setpoints of a dynamic profile."""
    period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    newest = {name: value for name, value in period.items() if name in FIELDS}
    return msgspec.json.decode(msgspec.json.encode(newest), type=Update)
