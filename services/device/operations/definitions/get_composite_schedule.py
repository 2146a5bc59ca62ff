"""get-composite-schedule: the limits that follow from all profiles of a station (K08)."""

from __future__ import annotations

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Number, WholeNumber
from ..charging_profile import RateUnit
from ..model import Operation


class GetCompositeSchedule(Operation, name="get-composite-schedule", scope=Scope.COMMANDS_CHARGING):
    evse_id: WholeNumber = Field(
        description="evseId of OCPP 2.x; connectorId of 1.6. 0 is the whole station."
    )
    duration: Number = Field(description="Seconds from now that the schedule is to cover.")
    charging_rate_unit: RateUnit | None = Field(
        default=None, description="ChargingRateUnitEnumType: A or W. Without it, the station chooses."
    )

    def v16(self, number: int) -> ocpp16.GetCompositeScheduleRequest:
        return ocpp16.GetCompositeScheduleRequest(self.evse_id, self.duration, self.charging_rate_unit)

    def v2(self, number: int) -> ocpp2.GetCompositeScheduleRequest:
        return ocpp2.GetCompositeScheduleRequest(
            self.duration, self.evse_id, charging_rate_unit=self.charging_rate_unit
        )

    def result(self, response: Json, number: int) -> Json | None:
        """The schedule in the form of OCPP 2.x (CompositeScheduleType)."""
        if "schedule" in response:
            return {"schedule": response["schedule"]}
        if "chargingSchedule" not in response:
            return None
        reported: Json = response["chargingSchedule"]
        start = response.get("scheduleStart", reported.get("startSchedule"))
        schedule = {
            "evseId": response.get("connectorId", self.evse_id),
            "duration": reported.get("duration", self.duration),
            "chargingRateUnit": reported["chargingRateUnit"],
            "chargingSchedulePeriod": reported["chargingSchedulePeriod"],
        }
        return {"schedule": schedule | ({"scheduleStart": start} if start else {})}
