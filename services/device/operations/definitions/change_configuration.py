"""change-configuration: set one configuration key or variable of a station (B05)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ...device_model.names import key_of
from ..model import Operation
from .get_configuration import Name, variable_named


class ChangeConfiguration(Operation, name="change-configuration"):
    name: Annotated[Name, Field(validation_alias=AliasChoices("name", "key"))] = Field(
        description="Component.Variable of OCPP 2.x or a key of 1.6, for any station. Also taken as `key`."
    )
    value: Annotated[str, Field(max_length=2_500)] = Field(
        description="The new value as text, whatever its type: attributeValue of OCPP 2.x."
    )

    def v16(self, number: int) -> ocpp16.ChangeConfigurationRequest:
        return ocpp16.ChangeConfigurationRequest(key_of(self.name), self.value)

    def v2(self, number: int) -> ocpp2.SetVariablesRequest:
        variable = ocpp2.SetVariableDataType(self.value, *variable_named(self.name, "name"))
        return ocpp2.SetVariablesRequest([variable])

    def station_status(self, response: Json) -> str:
        """SetVariables of OCPP 2.x has a status for each variable, and none for the whole message."""
        if "setVariableResult" in response:
            return str(response["setVariableResult"][0]["attributeStatus"])
        return super().station_status(response)
