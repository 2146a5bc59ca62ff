"""What each operation asks of a station of 1.6, and of one of 2.x."""

from __future__ import annotations

from typing import Any

ANY = object()
"""A number that the CSMS makes."""

AT = "2030-01-01T00:00:00.000Z"
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
PERIOD = {"startPeriod": 0, "limit": 6.5}
PROFILE: dict[str, Any] = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "ChargingStationMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": AT,
        "chargingSchedulePeriod": [PERIOD],
    },
}
SCHEDULE_16 = {"chargingRateUnit": "A", "startSchedule": AT, "chargingSchedulePeriod": [PERIOD]}
PROFILE_16 = {
    "chargingProfileId": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": SCHEDULE_16,
}
PROFILE_2 = PROFILE | {"chargingSchedule": [PROFILE["chargingSchedule"] | {"id": 7}]}
HEARTBEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
UNKNOWN_16 = "Configuration.LightIntensity"

ASKED: list[tuple[str, dict[str, Any], tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = [
    (
        "start-session",
        {"idToken": "TAG", "evseId": 2},
        ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2}),
        ("RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": ANY, "evseId": 2}),
    ),
    (
        "start-session",
        {"idToken": {"idToken": "TAG", "type": "eMAID"}, "groupIdToken": {"idToken": "G", "type": "Central"}},
        ("RemoteStartTransaction", {"idTag": "TAG"}),
        (
            "RequestStartTransaction",
            {
                "idToken": {"idToken": "TAG", "type": "eMAID"},
                "remoteStartId": ANY,
                "groupIdToken": {"idToken": "G", "type": "Central"},
            },
        ),
    ),
    (
        "stop-session",
        {"transactionId": 17},
        ("RemoteStopTransaction", {"transactionId": 17}),
        ("RequestStopTransaction", {"transactionId": "17"}),
    ),
    (
        "stop-session",
        {"transactionId": "17"},
        ("RemoteStopTransaction", {"transactionId": 17}),
        ("RequestStopTransaction", {"transactionId": "17"}),
    ),
    (
        "unlock-connector",
        {"evseId": 2},
        ("UnlockConnector", {"connectorId": 2}),
        ("UnlockConnector", {"evseId": 2, "connectorId": 1}),
    ),
    ("reset", {"type": "Immediate"}, ("Reset", {"type": "Hard"}), ("Reset", {"type": "Immediate"})),
    ("reset", {}, ("Reset", {"type": "Soft"}), ("Reset", {"type": "OnIdle"})),
    (
        "change-availability",
        {"operationalStatus": "Inoperative"},
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
        ("ChangeAvailability", {"operationalStatus": "Inoperative"}),
    ),
    (
        "change-availability",
        {"operationalStatus": "Operative", "evseId": 1, "connectorId": 1},
        ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
        ("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 1}}),
    ),
    (
        "get-configuration",
        {"names": ["HeartbeatInterval", "OCPPCommCtrlr.HeartbeatInterval"]},
        ("GetConfiguration", {"key": ["HeartbeatInterval", "HeartbeatInterval"]}),
        ("GetVariables", {"getVariableData": [HEARTBEAT, HEARTBEAT]}),
    ),
    (
        "get-configuration",
        {},
        ("GetConfiguration", {}),
        ("GetBaseReport", {"requestId": ANY, "reportBase": "ConfigurationInventory"}),
    ),
    (
        "change-configuration",
        {"name": "OCPPCommCtrlr.HeartbeatInterval", "value": "60"},
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("SetVariables", {"setVariableData": [HEARTBEAT | {"attributeValue": "60"}]}),
    ),
    (
        "change-configuration",
        {"key": "HeartbeatInterval", "value": "60"},
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("SetVariables", {"setVariableData": [HEARTBEAT | {"attributeValue": "60"}]}),
    ),
    ("clear-cache", {}, ("ClearCache", {}), ("ClearCache", {})),
    (
        "trigger-message",
        {"requestedMessage": "StatusNotification", "evseId": 1},
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
    ),
    (
        "trigger-message",
        {"requestedMessage": "LogStatusNotification"},
        ("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"}),
        ("TriggerMessage", {"requestedMessage": "LogStatusNotification"}),
    ),
    (
        "get-diagnostics",
        {"location": "ftp://x/y", "oldestTimestamp": AT},
        ("GetDiagnostics", {"location": "ftp://x/y", "startTime": AT}),
        (
            "GetLog",
            {
                "logType": "DiagnosticsLog",
                "requestId": ANY,
                "log": {"remoteLocation": "ftp://x/y", "oldestTimestamp": AT},
            },
        ),
    ),
    (
        "update-firmware",
        {"location": "ftp://x/y", "retrieveDateTime": AT},
        ("UpdateFirmware", {"location": "ftp://x/y", "retrieveDate": AT}),
        ("UpdateFirmware", {"requestId": ANY, "firmware": {"location": "ftp://x/y", "retrieveDateTime": AT}}),
    ),
    (
        "reserve-now",
        {"idToken": "TAG", "expiryDateTime": AT, "evseId": 1, "groupIdToken": "G"},
        (
            "ReserveNow",
            {
                "connectorId": 1,
                "expiryDate": AT,
                "idTag": "TAG",
                "parentIdTag": "G",
                "reservationId": ANY,
            },
        ),
        (
            "ReserveNow",
            {
                "id": ANY,
                "expiryDateTime": AT,
                "idToken": TOKEN,
                "evseId": 1,
                "groupIdToken": {"idToken": "G", "type": "Central"},
            },
        ),
    ),
    (
        "cancel-reservation",
        {"reservationId": 5},
        ("CancelReservation", {"reservationId": 5}),
        ("CancelReservation", {"reservationId": 5}),
    ),
    (
        "send-local-list",
        {
            "versionNumber": 3,
            "updateType": "Differential",
            "localAuthorizationList": [
                {"idToken": "TAG", "idTokenInfo": {"status": "NoCredit", "groupIdToken": "G"}},
                {"idToken": "OUT"},
            ],
        },
        (
            "SendLocalList",
            {
                "listVersion": 3,
                "updateType": "Differential",
                "localAuthorizationList": [
                    {"idTag": "TAG", "idTagInfo": {"status": "Invalid", "parentIdTag": "G"}},
                    {"idTag": "OUT"},
                ],
            },
        ),
        (
            "SendLocalList",
            {
                "versionNumber": 3,
                "updateType": "Differential",
                "localAuthorizationList": [
                    {
                        "idToken": TOKEN,
                        "idTokenInfo": {
                            "status": "NoCredit",
                            "groupIdToken": {"idToken": "G", "type": "Central"},
                        },
                    },
                    {"idToken": {"idToken": "OUT", "type": "ISO14443"}},
                ],
            },
        ),
    ),
    ("get-local-list-version", {}, ("GetLocalListVersion", {}), ("GetLocalListVersion", {})),
    (
        "set-charging-profile",
        {"chargingProfile": PROFILE},
        ("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": PROFILE_16}),
        ("SetChargingProfile", {"evseId": 0, "chargingProfile": PROFILE_2}),
    ),
    (
        "clear-charging-profile",
        {"evseId": 1, "chargingProfilePurpose": "ChargingStationMaxProfile"},
        ("ClearChargingProfile", {"connectorId": 1, "chargingProfilePurpose": "ChargePointMaxProfile"}),
        (
            "ClearChargingProfile",
            {
                "chargingProfileCriteria": {
                    "evseId": 1,
                    "chargingProfilePurpose": "ChargingStationMaxProfile",
                }
            },
        ),
    ),
    (
        "get-composite-schedule",
        {"evseId": 1, "duration": 600, "chargingRateUnit": "W"},
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"}),
        ("GetCompositeSchedule", {"evseId": 1, "duration": 600, "chargingRateUnit": "W"}),
    ),
    (
        "data-transfer",
        {"vendorId": "V", "messageId": "M", "data": "D"},
        ("DataTransfer", {"vendorId": "V", "messageId": "M", "data": "D"}),
        ("DataTransfer", {"vendorId": "V", "messageId": "M", "data": "D"}),
    ),
]
