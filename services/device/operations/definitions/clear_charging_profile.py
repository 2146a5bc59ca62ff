"""clear-charging-profile: remove one charging profile by its id, or all that match (K10)."""

from __future__ import annotations

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import CHARGING_PROFILE_PURPOSES_V16

from ..bodies import WholeNumber
from ..charging_profile import Purpose
from ..model import Operation


class ClearChargingProfile(Operation, name="clear-charging-profile", scope=Scope.COMMANDS_CHARGING):
    """Without any field, the station clears every profile that the CSMS has set."""

    charging_profile_id: WholeNumber | None = Field(
        default=None, description="chargingProfileId of OCPP 2.x; id of 1.6."
    )
    evse_id: WholeNumber | None = Field(
        default=None,
        description="evseId of OCPP 2.x; connectorId of 1.6. 0 matches profiles of the whole station.",
    )
    charging_profile_purpose: Purpose | None = Field(
        default=None, description="ChargingProfilePurposeEnumType of OCPP 2.x."
    )
    stack_level: WholeNumber | None = Field(default=None, description="Matches profiles of this stackLevel.")

    def v16(self, number: int) -> ocpp16.ClearChargingProfileRequest:
        purpose = (
            self.charging_profile_purpose and CHARGING_PROFILE_PURPOSES_V16[self.charging_profile_purpose]
        )
        return ocpp16.ClearChargingProfileRequest(
            self.charging_profile_id, self.evse_id, purpose, self.stack_level
        )

    def v2(self, number: int) -> ocpp2.ClearChargingProfileRequest:
        criteria = ocpp2.ClearChargingProfileType(
            evse_id=self.evse_id,
            charging_profile_purpose=self.charging_profile_purpose,
            stack_level=self.stack_level,
        )
        return ocpp2.ClearChargingProfileRequest(
            charging_profile_id=self.charging_profile_id,
            charging_profile_criteria=None if criteria == ocpp2.ClearChargingProfileType() else criteria,
        )
