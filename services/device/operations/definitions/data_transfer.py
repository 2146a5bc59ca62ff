"""data-transfer: a message that a vendor defines for its own stations (P01)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Json
from libs.csms.web.fields import AnyJson
from libs.ocpp_messages import ocpp2, ocpp16

from ..model import Operation, unknown_to


class DataTransfer(Operation, name="data-transfer", scope=Scope.COMMANDS_MAINTAIN):
    vendor_id: Annotated[str, Field(max_length=255)] = Field(
        description="Which vendor defines the message, as a reversed domain name."
    )
    message_id: Annotated[str, Field(max_length=50)] | None = Field(
        default=None, description="Which of the messages of that vendor it is."
    )
    data: AnyJson = Field(
        default=None, description="What the vendor defines: for OCPP 1.6 text, for 2.x any JSON."
    )

    def v16(self, number: int) -> ocpp16.DataTransferRequest:
        if self.data is not None and not isinstance(self.data, str):
            raise unknown_to("1.6", "data", "transfers text")
        return ocpp16.DataTransferRequest(self.vendor_id, message_id=self.message_id, data=self.data)

    def v2(self, number: int) -> ocpp2.DataTransferRequest:
        return ocpp2.DataTransferRequest(self.vendor_id, message_id=self.message_id, data=self.data)

    def result(self, response: Json, number: int) -> Json | None:
        return {"data": response["data"]} if "data" in response else None
