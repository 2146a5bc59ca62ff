"""get-composite-schedule: what a station will allow in the time to come, of all its profiles (K08)."""

from __future__ import annotations

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Number, WholeNumber
from ..charging_profile import RateUnit
from ..model import Operation


class GetCompositeSchedule(Operation, name="get-composite-schedule"):
    """``duration`` in seconds from now. EVSE 0 is the whole station."""

    evse_id: WholeNumber
    duration: Number
    charging_rate_unit: RateUnit | None = None

    def v16(self, number: int) -> ocpp16.GetCompositeScheduleRequest:
        return ocpp16.GetCompositeScheduleRequest(self.evse_id, self.duration, self.charging_rate_unit)

    def v2(self, number: int) -> ocpp2.GetCompositeScheduleRequest:
        return ocpp2.GetCompositeScheduleRequest(
            self.duration, self.evse_id, charging_rate_unit=self.charging_rate_unit
        )

    def result(self, response: Json, number: int) -> Json | None:
        """As OCPP 2.x shapes it."""
        if "schedule" in response:
            return {"schedule": response["schedule"]}
        if "chargingSchedule" not in response:
            return None
        told: Json = response["chargingSchedule"]
        start = response.get("scheduleStart", told.get("startSchedule"))
        schedule = {
            "evseId": response.get("connectorId", self.evse_id),
            "duration": told.get("duration", self.duration),
            "chargingRateUnit": told["chargingRateUnit"],
            "chargingSchedulePeriod": told["chargingSchedulePeriod"],
        }
        return {"schedule": schedule | ({"scheduleStart": start} if start else {})}
