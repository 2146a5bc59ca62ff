"""What stations have accepted as newest limits and setpoints of their dynamic profiles (OCPP 2.1, K28)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import msgspec

from libs.csms.clock import rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages import ocpp2

Update = ocpp2.ChargingScheduleUpdateType

FIELDS = {field.encode_name for field in msgspec.structs.fields(Update)} - {"customData"}


class DynamicSchedule(Document):
    """Of one profile, by field: when the station accepted it, the command that brought it, and its value."""

    newest: dict[str, tuple[str, str, int | float]] = {}

    @classmethod
    def updated(cls, update: Json, command_id: str, at: datetime) -> Self:
        said = {name: value for name, value in update.items() if name in FIELDS}
        return cls(newest={name: (rfc3339(at), command_id, value) for name, value in said.items()})

    def joined(self, known: Self | None) -> Self:
        """The same in any order; ``known`` if this is no news."""
        if known is None:
            return self
        newest = known.newest | {
            name: max(said, known.newest.get(name, said), key=lambda one: one[:2])
            for name, said in self.newest.items()
        }
        return known if newest == known.newest else self.changed(newest=newest)

    def over(self, profile: Json, since: datetime) -> Json:
        """The profile with what has been accepted ``since`` then, when the station got it."""
        [schedule, *more] = profile["chargingSchedule"]
        [period, *later] = schedule["chargingSchedulePeriod"]
        said = {name: value for name, (at, _, value) in self.newest.items() if at >= rfc3339(since)}
        schedule = schedule | {"chargingSchedulePeriod": [period | said, *later]}
        return profile | {"chargingSchedule": [schedule, *more]}


def schedule_key(station_id: str, profile_id: int) -> str:
    return composite_id(station_id, profile_id)


def is_dynamic(profile: Json) -> bool:
    return bool(profile["chargingProfileKind"] == "Dynamic")


def update_of(profile: Json) -> Update:
    """What a station is told that asks for the newest of a dynamic profile."""
    period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    said = {name: value for name, value in period.items() if name in FIELDS}
    return msgspec.json.decode(msgspec.json.encode(said), type=Update)
