"""stop-session: end a transaction (F03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import unquote

from pydantic import BeforeValidator, Field

from libs.csms.access.scopes import Scope
from libs.csms.storage.queries import composite_id
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import transaction_v16
from ..model import Operation, Part
from ..service import Target

AnyTransactionId = Annotated[
    str,
    BeforeValidator(lambda id: str(id) if type(id) is int else id, json_schema_input_type=str | int),
    Field(min_length=1, max_length=300),
]
"""The station's own has at most 36 characters, before which ``/transactions`` puts that of the station."""


class StopSession(Operation, name="stop-session", scope=Scope.COMMANDS_CHARGING):
    transaction_id: AnyTransactionId = Field(
        description="`id` of `/transactions`, or the station's own transactionId: digits for OCPP 1.6."
    )

    async def parts(self, target: Target) -> Sequence[Part]:
        """With the station's own id, whichever was given."""
        of_station = composite_id(target.station_id, "")
        if not self.transaction_id.startswith(of_station):
            return [Part(self)]
        own = unquote(self.transaction_id.removeprefix(of_station))
        return [Part(self.changed(transaction_id=own))]

    def v16(self, number: int) -> ocpp16.RemoteStopTransactionRequest:
        return ocpp16.RemoteStopTransactionRequest(transaction_v16(self.transaction_id))

    def v2(self, number: int) -> ocpp2.RequestStopTransactionRequest:
        return ocpp2.RequestStopTransactionRequest(self.transaction_id)
