"""set-charging-profile: limit what a station, an EVSE or a transaction may draw (K01 to K04)."""

from __future__ import annotations

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import WholeNumber
from ..charging_profile import ChargingProfile
from ..model import Operation


class SetChargingProfile(Operation, name="set-charging-profile", scope=Scope.COMMANDS_CHARGING):
    evse_id: WholeNumber = Field(
        default=0, description="evseId of OCPP 2.x; connectorId of 1.6. 0 is the whole station."
    )
    charging_profile: ChargingProfile = Field(
        description="ChargingProfileType; csChargingProfiles of OCPP 1.6. Replaces a profile of the same id."
    )

    def v16(self, number: int) -> ocpp16.SetChargingProfileRequest:
        return ocpp16.SetChargingProfileRequest(self.evse_id, self.charging_profile.v16())

    def v2(self, number: int) -> ocpp2.SetChargingProfileRequest:
        return ocpp2.SetChargingProfileRequest(self.evse_id, self.charging_profile.v2())
