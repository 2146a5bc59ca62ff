"""change-configuration: set configuration keys or variables of a station (B05)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AliasChoices, Field, model_validator

from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Json
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version

from ...device_model.names import key_of
from ..configuration import names_of, statuses_v2
from ..model import STATUSES, Operation, Part, Status
from ..service import Target
from .get_configuration import Name, variable_named

SettingName = Annotated[Name, Field(validation_alias=AliasChoices("name", "key"))]
Value = Annotated[str, Field(max_length=2_500)]
MAX_SETTINGS = 1_000


class Setting(Body):
    """One configuration key or variable, and its new value."""

    name: SettingName = Field(
        description="Component.Variable of OCPP 2.x or a key of 1.6, for any station. Also taken as `key`."
    )
    value: Value = Field(description="The new value as text, whatever its type: attributeValue of OCPP 2.x.")


class ChangeConfiguration(Operation, name="change-configuration", scope=Scope.COMMANDS_MAINTAIN):
    """One setting by `name` and `value`, or several by `settings`. The result says which were applied."""

    name: Annotated[Name | None, Field(validation_alias=AliasChoices("name", "key"))] = Field(
        default=None,
        description="Component.Variable of OCPP 2.x or a key of 1.6, for any station. Also taken as `key`.",
    )
    value: Value | None = Field(
        default=None,
        description="The new value as text, whatever its type: attributeValue of OCPP 2.x.",
    )
    settings: Annotated[list[Setting], Field(max_length=MAX_SETTINGS)] = Field(
        default=[],
        description="Several settings instead of one. The station gets as many messages as it needs.",
    )

    @model_validator(mode="after")
    def one_or_several(self) -> ChangeConfiguration:
        if (self.name is None) is not (self.value is None):
            raise ValueError("name and value belong together")
        if bool(self.settings) is (self.name is not None):
            raise ValueError("either name and value or settings are needed")
        return self

    async def parts(self, target: Target) -> Sequence[Part]:
        """OCPP 1.6 has one setting in a message, 2.x as many as the station takes."""
        if not self.settings:
            return [Part(self)]
        counts = [1] * len(self.settings)
        if target.version is not Version.V16:
            self.v2(1)  # names the place of what is no variable
            alone = [len(encode(self._part(number, 1).v2(1))) for number in range(len(self.settings))]
            counts = (await target.limits("SetVariables")).split(alone)
        firsts = [sum(counts[:number]) for number in range(len(counts))]
        return [Part(self._part(*part), part[0]) for part in zip(firsts, counts, strict=True)]

    def _part(self, first: int, count: int) -> ChangeConfiguration:
        return self.changed(settings=self.settings[first : first + count])

    def place(self, place: str, first: int) -> str:
        fields = {"attributeValue": "value", "component": "name", "variable": "name", "key": "name"}
        match place.split("."):
            case ["setVariableData", number, *path] if number.isdecimal():
                at = f"settings.{first + int(number)}"
            case path:
                at = f"settings.{first}"
        own = [fields.get(name, name) for name in path[:1]]
        return ".".join([at, *own] if self.settings else own)

    def v16(self, number: int) -> ocpp16.ChangeConfigurationRequest:
        [(name, value)] = self._pairs()
        return ocpp16.ChangeConfigurationRequest(key_of(name), value)

    def v2(self, number: int) -> ocpp2.SetVariablesRequest:
        places = [f"settings.{number}.name" for number in range(len(self.settings))] or ["name"]
        return ocpp2.SetVariablesRequest(
            [
                ocpp2.SetVariableDataType(value, *variable_named(name, place))
                for (name, value), place in zip(self._pairs(), places, strict=True)
            ]
        )

    def _pairs(self) -> list[tuple[str, str]]:
        if self.name is not None and self.value is not None:
            return [(self.name, self.value)]
        return [(setting.name, setting.value) for setting in self.settings]

    def station_statuses(self, response: Json) -> list[str]:
        """SetVariables of OCPP 2.x has a status for each variable, and none for the whole message."""
        if "setVariableResult" in response:
            return [str(one["attributeStatus"]) for one in response["setVariableResult"]]
        return super().station_statuses(response)

    def result(self, response: Json, number: int) -> Json | None:
        """Each of several settings with its status; for one setting the status of the operation says all."""
        if not self.settings:
            return None
        by_name = statuses_v2(response.get("setVariableResult", []))
        changed = []
        for setting in self.settings:
            names = names_of(setting.name)
            status = str(by_name.get(names["name"].casefold(), response.get("status", "")))
            shown = {"status": STATUSES.get(status, "rejected"), "stationStatus": status}
            changed.append(names | (shown if status else {"status": "error"}))
        return {"settings": changed}

    def unanswered(self, status: Status) -> Json | None:
        if not self.settings:
            return None
        return {"settings": [names_of(setting.name) | {"status": status} for setting in self.settings]}
