"""stop-session: end a transaction (F03)."""

from __future__ import annotations

from pydantic import Field

from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import TransactionId, transaction_v16
from ..model import Operation


class StopSession(Operation, name="stop-session"):
    transaction_id: TransactionId = Field(description="The station's own transactionId: digits for OCPP 1.6.")

    def v16(self, number: int) -> ocpp16.RemoteStopTransactionRequest:
        return ocpp16.RemoteStopTransactionRequest(transaction_v16(self.transaction_id))

    def v2(self, number: int) -> ocpp2.RequestStopTransactionRequest:
        return ocpp2.RequestStopTransactionRequest(self.transaction_id)
