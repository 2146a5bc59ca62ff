"""The settings of a station that the CSMS reads and writes: configuration keys (1.6) or variables (2.x)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from libs.ocpp_messages.version import Version

HEARTBEAT_INTERVAL_V16 = "HeartbeatInterval"
HEARTBEAT_INTERVAL_V2 = "OCPPCommCtrlr.HeartbeatInterval"
PASSWORD_V16 = "AuthorizationKey"
PASSWORD_V2 = "SecurityCtrlr.BasicAuthPassword"


@dataclass(frozen=True)
class Setting:
    value: str | None
    """None where it can only be written, as a password."""
    access: Literal["ReadOnly", "ReadWrite", "WriteOnly"] = "ReadWrite"
    """The mutability, in the words of 2.x."""
    type_: Literal["integer", "boolean", "string", "MemberList"] = "integer"
    """The data type, in the words of 2.x."""

    def allows(self, value: str) -> bool:
        match self.type_:
            case "integer":
                return value.isdecimal()
            case "boolean":
                return value.lower() in ("true", "false")
            case _:
                return True


class Configuration:
    """By key in 1.6, and by ``Component.Variable`` or ``Component#EVSE.Variable`` in 2.x."""

    def __init__(self, settings: dict[str, Setting]) -> None:
        self._settings = settings

    @classmethod
    def of(cls, version: Version, connectors: int) -> Configuration:
        """Of a station that has just left the factory."""
        return cls(_settings_v16(connectors) if version is Version.V16 else _settings_v2(connectors))

    def get(self, key: str) -> Setting | None:
        return self._settings.get(key)

    def all(self) -> list[tuple[str, Setting]]:
        return list(self._settings.items())

    def write(self, key: str, value: str) -> None:
        setting = self._settings[key]
        if setting.access != "WriteOnly":
            self._settings[key] = replace(setting, value=value)

    def has_component(self, component: str) -> bool:
        return any(key.startswith(f"{component}.") for key in self._settings)


def _settings_v16(connectors: int) -> dict[str, Setting]:
    return {
        "AuthorizeRemoteTxRequests": Setting("false", "ReadOnly", "boolean"),
        PASSWORD_V16: Setting(None, "WriteOnly", "string"),
        "ConnectionTimeOut": Setting("60"),
        "GetConfigurationMaxKeys": Setting("50", "ReadOnly"),
        HEARTBEAT_INTERVAL_V16: Setting("300"),
        "LocalAuthListEnabled": Setting("false", "ReadOnly", "boolean"),
        "MeterValueSampleInterval": Setting("10"),
        "MeterValuesSampledData": Setting(
            "Energy.Active.Import.Register,Power.Active.Import", "ReadOnly", "MemberList"
        ),
        "NumberOfConnectors": Setting(str(connectors), "ReadOnly"),
        "SupportedFeatureProfiles": Setting("Core,RemoteTrigger", "ReadOnly", "MemberList"),
        "TransactionMessageAttempts": Setting("5"),
        "TransactionMessageRetryInterval": Setting("1"),
        "WebSocketPingInterval": Setting("20"),
    }


def _settings_v2(connectors: int) -> dict[str, Setting]:
    return {
        "AuthCtrlr.AuthorizeRemoteStart": Setting("false", "ReadOnly", "boolean"),
        "ChargingStation.AvailabilityState": Setting("Available", "ReadOnly", "string"),
        "DeviceDataCtrlr.ItemsPerMessage": Setting("50", "ReadOnly"),
        HEARTBEAT_INTERVAL_V2: Setting("300"),
        "OCPPCommCtrlr.MessageAttempts": Setting("5"),
        "OCPPCommCtrlr.WebSocketPingInterval": Setting("20"),
        "SampledDataCtrlr.TxUpdatedInterval": Setting("10"),
        "SampledDataCtrlr.TxUpdatedMeasurands": Setting(
            "Energy.Active.Import.Register,Power.Active.Import", "ReadOnly", "MemberList"
        ),
        PASSWORD_V2: Setting(None, "WriteOnly", "string"),
        "SecurityCtrlr.SecurityProfile": Setting("1", "ReadOnly"),
        "TxCtrlr.EVConnectionTimeOut": Setting("60"),
        **{f"EVSE#{id}.Power": Setting("22000", "ReadOnly") for id in range(1, connectors + 1)},
    }
