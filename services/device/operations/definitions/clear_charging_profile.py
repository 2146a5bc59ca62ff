"""clear-charging-profile: take limits back, one by its id or all that fit (K10)."""

from __future__ import annotations

from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import CHARGING_PROFILE_PURPOSES_V16

from ..bodies import WholeNumber
from ..charging_profile import Purpose
from ..model import Operation


class ClearChargingProfile(Operation, name="clear-charging-profile"):
    """With nothing said, every profile that the CSMS has set."""

    charging_profile_id: WholeNumber | None = None
    evse_id: WholeNumber | None = None
    charging_profile_purpose: Purpose | None = None
    stack_level: WholeNumber | None = None

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
