"""get-configuration: the configuration of a station (B06; without names, all of it: B07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from pydantic import AliasChoices, Field

from libs.csms.access.scopes import Scope
from libs.csms.errors import Invalid
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version

from ...device_model.names import NoName, key_of, variable_of
from ..configuration import names_of, settings_v2, settings_v16
from ..model import Operation, Part, Status
from ..service import Target

Name = Annotated[str, Field(min_length=1, max_length=200)]


class GetConfiguration(Operation, name="get-configuration", scope=Scope.COMMANDS_MAINTAIN):
    names: Annotated[
        list[Name], Field(max_length=1_000, validation_alias=AliasChoices("names", "keys", "key"))
    ] = Field(
        default=[],
        description="Component.Variable of OCPP 2.x or keys of 1.6, for any station. Without any, all that "
        "can be set. Also taken as `keys` or `key`.",
    )

    async def parts(self, target: Target) -> Sequence[Part]:
        """As many names in a message as the station takes."""
        if not self.names:
            return [Part(self)]
        action = "GetConfiguration" if target.version is Version.V16 else "GetVariables"
        self.request(target.version, 1)  # names the place of what is no variable
        alone = [len(encode(self.changed(names=[name]).request(target.version, 1))) for name in self.names]
        counts = (await target.limits(action)).split(alone)
        firsts = [sum(counts[:number]) for number in range(len(counts))]
        return [
            Part(self.changed(names=self.names[first : first + count]), first)
            for first, count in zip(firsts, counts, strict=True)
        ]

    def place(self, place: str, first: int) -> str:
        match place.split("."):
            case ["getVariableData" | "key", number, *_] if number.isdecimal():
                return f"names.{first + int(number)}"
        return "names"

    def v16(self, number: int) -> ocpp16.GetConfigurationRequest:
        return ocpp16.GetConfigurationRequest([key_of(name) for name in self.names] or None)

    def v2(self, number: int) -> msgspec.Struct:
        """Without names, the station answers with a report, in NotifyReport messages."""
        if not self.names:
            return ocpp2.GetBaseReportRequest(number, "ConfigurationInventory")
        variables = [
            ocpp2.GetVariableDataType(*variable_named(name, f"names.{place}"))
            for place, name in enumerate(self.names)
        ]
        return ocpp2.GetVariablesRequest(variables)

    def result(self, response: Json, number: int) -> Json:
        if "getVariableResult" in response:
            return {"configuration": settings_v2(response["getVariableResult"])}
        if "status" in response:
            return {"requestId": number}
        return {"configuration": settings_v16(response)}

    def unanswered(self, status: Status) -> Json | None:
        if not self.names:
            return None
        return {"configuration": [names_of(name) | {"status": status} for name in self.names]}


def variable_named(name: str, place: str) -> tuple[ocpp2.ComponentType, ocpp2.VariableType]:
    try:
        return variable_of(name)
    except NoName as error:
        raise Invalid(
            f"body.{place}: {name} is no variable of OCPP 2; write it as Component[instance]:evse.Variable",
        ) from error
