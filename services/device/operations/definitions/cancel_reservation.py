"""cancel-reservation: give a reserved place back (H02)."""

from __future__ import annotations

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import WholeNumber
from ..model import Operation


class CancelReservation(Operation, name="cancel-reservation", scope=Scope.COMMANDS_CHARGING):
    reservation_id: WholeNumber = Field(description="The reservationId that reserve-now returned.")

    def v16(self, number: int) -> ocpp16.CancelReservationRequest:
        return ocpp16.CancelReservationRequest(self.reservation_id)

    def v2(self, number: int) -> ocpp2.CancelReservationRequest:
        return ocpp2.CancelReservationRequest(self.reservation_id)
