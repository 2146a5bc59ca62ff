"""reset: restart a station, or one EVSE of it (B11, B12)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import RESET_TYPES_V16

from ..bodies import Number
from ..model import Operation, unknown_to


class Reset(Operation, name="reset", scope=Scope.COMMANDS_MAINTAIN):
    type: Literal["OnIdle", "Immediate"] = Field(
        default="OnIdle",
        description="ResetEnumType of OCPP 2.x: OnIdle lets transactions end first, Immediate ends them.",
    )
    evse_id: Number | None = Field(
        default=None, description="evseId of OCPP 2.x: restart this EVSE only. OCPP 1.6 has none."
    )

    def v16(self, number: int) -> ocpp16.ResetRequest:
        if self.evse_id is not None:
            raise unknown_to("1.6", "evseId", "resets whole stations only")
        return ocpp16.ResetRequest(RESET_TYPES_V16[self.type])

    def v2(self, number: int) -> ocpp2.ResetRequest:
        return ocpp2.ResetRequest(self.type, evse_id=self.evse_id)
