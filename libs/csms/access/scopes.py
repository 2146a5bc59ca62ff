"""What a caller may do: the scopes, the roles that stand for several of them, and the scope of every OCPP
action. The only module that knows what a role may do.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """One right. Each path needs one or two, which ``/docs`` shows."""

    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    CREDENTIALS_WRITE = "credentials:write"
    """Secrets and certificates of stations, and commands that carry such."""
    COMMANDS_READ = "commands:read"
    COMMANDS_CHARGING = "commands:charging"
    """Commands that start, stop, reserve, unlock or limit charging."""
    COMMANDS_MAINTAIN = "commands:maintain"
    """Commands for the upkeep of a station: restarts, settings, firmware, logs, reports."""
    COMMANDS_RAW = "commands:raw"
    """Commands by their OCPP payload. Each needs the scope of its action too."""
    TOKENS_MASKED = "tokens:masked"
    """Tokens by the last four characters of their texts."""
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    TRANSACTIONS_READ = "transactions:read"
    TRANSACTIONS_WRITE = "transactions:write"
    RESERVATIONS_READ = "reservations:read"
    LOCALLISTS_READ = "locallists:read"
    LOCALLISTS_WRITE = "locallists:write"
    MESSAGES_READ = "messages:read"
    """Messages as stations sent them, with the texts of tokens."""
    DEADLETTERS_READ = "deadletters:read"
    DEADLETTERS_WRITE = "deadletters:write"
    """Put messages back that no attempt could handle, or dismiss them."""
    PROFILES_READ = "profiles:read"
    """Station profiles, and what is known of how stations depart from OCPP."""
    PROFILES_WRITE = "profiles:write"
    KEYS_WRITE = "keys:write"
    """Keys of callers: to list, create, rotate and revoke them."""
    AUDIT_READ = "audit:read"
    """Who did what, and what proves that the trail is whole."""
    USERS_WRITE = "users:write"
    """People who sign in: to list, add, change, disable and remove them."""
    ADMISSION = "admission"
    """For gateways: whether a station may connect."""
    AUTHORIZATION = "authorization"
    """To ask whether a token may charge, and which group a station is in, as the transaction service does."""


class Role(StrEnum):
    """Names a set of scopes, which a later release may enlarge."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    SECURITY = "security"
    ADMIN = "admin"


_VIEWER = frozenset(
    {
        Scope.STATIONS_READ,
        Scope.COMMANDS_READ,
        Scope.TOKENS_MASKED,
        Scope.TRANSACTIONS_READ,
        Scope.RESERVATIONS_READ,
        Scope.LOCALLISTS_READ,
        Scope.PROFILES_READ,
    }
)

ROLES: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _VIEWER
    | {
        Scope.STATIONS_WRITE,
        Scope.COMMANDS_CHARGING,
        Scope.COMMANDS_RAW,
        Scope.TOKENS_READ,
        Scope.TOKENS_WRITE,
        Scope.TRANSACTIONS_WRITE,
        Scope.LOCALLISTS_WRITE,
        Scope.MESSAGES_READ,
        Scope.DEADLETTERS_READ,
        Scope.DEADLETTERS_WRITE,
        Scope.AUTHORIZATION,
    },
    Role.TECHNICIAN: _VIEWER
    | {
        Scope.STATIONS_WRITE,
        Scope.COMMANDS_MAINTAIN,
        Scope.COMMANDS_RAW,
        Scope.MESSAGES_READ,
        Scope.DEADLETTERS_READ,
        Scope.DEADLETTERS_WRITE,
        Scope.PROFILES_WRITE,
    },
    Role.SECURITY: _VIEWER
    | {
        Scope.CREDENTIALS_WRITE,
        Scope.COMMANDS_RAW,
        Scope.MESSAGES_READ,
        Scope.DEADLETTERS_READ,
        Scope.AUDIT_READ,
    },
    Role.ADMIN: frozenset(Scope),
}

_ACTIONS = {
    Scope.COMMANDS_CHARGING: """
        AFRRSignal CancelReservation ChangeTransactionTariff ClearChargingProfile ClearDERControl ClearTariffs
        CostUpdated GetChargingProfiles GetCompositeSchedule GetDERControl GetTariffs GetTransactionStatus
        NotifyAllowedEnergyTransfer NotifyWebPaymentStarted RemoteStartTransaction RemoteStopTransaction
        RequestBatterySwap RequestStartTransaction RequestStopTransaction ReserveNow SetChargingProfile
        SetDERControl SetDefaultTariff UnlockConnector UpdateDynamicSchedule UsePriorityCharging
    """,
    Scope.COMMANDS_MAINTAIN: """
        AdjustPeriodicEventStream ChangeAvailability ChangeConfiguration ClearCache ClearDisplayMessage
        ClearVariableMonitoring CustomerInformation DataTransfer ExtendedTriggerMessage GetBaseReport
        GetConfiguration GetDiagnostics GetDisplayMessages GetLocalListVersion GetLog GetMonitoringReport
        GetPeriodicEventStream GetReport GetVariables PublishFirmware Reset SendLocalList SetDisplayMessage
        SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables
        SignedUpdateFirmware TriggerMessage UnpublishFirmware UpdateFirmware
    """,
    Scope.CREDENTIALS_WRITE: """
        CertificateSigned DeleteCertificate GetInstalledCertificateIds InstallCertificate
    """,
}

ACTION_SCOPES: dict[str, Scope] = {
    action: scope for scope, actions in _ACTIONS.items() for action in actions.split()
}
"""Of every OCPP action that is sent to stations, in any version. One whose payload holds a secret needs
``CREDENTIALS_WRITE`` too."""


def with_implied(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Who may read tokens may read them masked."""
    given = frozenset(scopes)
    return given | {Scope.TOKENS_MASKED} if Scope.TOKENS_READ in given else given
