"""The mappings between the versions' enumerations, compared with the enumerations themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.mappings import (
    CHARGING_PROFILE_PURPOSES_V16,
    EXTENDED_MESSAGE_TRIGGERS_V16,
    MESSAGE_TRIGGERS_V2,
    MESSAGE_TRIGGERS_V16,
    RESET_TYPES_V16,
    authorization_status_v2,
    authorization_status_v16,
    triggered_action,
    unit_v2,
)


@pytest.mark.parametrize(
    ("table", "to"),
    [
        (CHARGING_PROFILE_PURPOSES_V16, ocpp16.ChargingProfilePurpose),
        (MESSAGE_TRIGGERS_V16, ocpp16.RequestedMessage),
        (EXTENDED_MESSAGE_TRIGGERS_V16, ocpp16.MessageTriggerEnumType),
        (RESET_TYPES_V16, ocpp16.ResetType),
    ],
)
def test_different_words_stay_different(table: Mapping[str, str], to: Any) -> None:
    assert len(set(table.values())) == len(table)
    assert set(table.values()) <= set(get_args(to))


def test_every_word_of_1_6_has_one_of_2() -> None:
    assert set(CHARGING_PROFILE_PURPOSES_V16.values()) == set(get_args(ocpp16.ChargingProfilePurpose))
    assert set(MESSAGE_TRIGGERS_V16.values()) == set(get_args(ocpp16.RequestedMessage))
    assert set(RESET_TYPES_V16.values()) == set(get_args(ocpp16.ResetType))
    extended = set(get_args(ocpp16.MessageTriggerEnumType)) - set(MESSAGE_TRIGGERS_V16.values())
    assert set(EXTENDED_MESSAGE_TRIGGERS_V16.values()) == extended


def test_what_2_cannot_trigger_is_renamed() -> None:
    two = set(get_args(ocpp2.MessageTriggerEnumType))
    renamed = set(MESSAGE_TRIGGERS_V16) | set(EXTENDED_MESSAGE_TRIGGERS_V16)

    assert renamed - two == set(MESSAGE_TRIGGERS_V2)
    assert set(MESSAGE_TRIGGERS_V2.values()) <= two


@pytest.mark.parametrize(
    ("triggers", "actions"),
    [
        (ocpp16.RequestedMessage, v16.ACTIONS),
        (ocpp16.MessageTriggerEnumType, v16.ACTIONS),
        (ocpp2.MessageTriggerEnumType, v201.ACTIONS | v21.ACTIONS),
    ],
)
def test_a_station_sends_an_action_for_every_trigger(triggers: Any, actions: Mapping[str, Any]) -> None:
    for trigger in set(get_args(triggers)) - {"CustomTrigger"}:
        assert actions[triggered_action(trigger)].from_station, trigger


@pytest.mark.parametrize("status", get_args(ocpp2.AuthorizationStatusEnumType))
def test_a_status_that_1_6_lacks_is_invalid(status: str) -> None:
    known = status in get_args(ocpp16.IdTagInfoStatus)

    assert authorization_status_v2(status) == status
    assert authorization_status_v16(status) == (status if known else "Invalid")


def test_what_is_no_status_is_invalid() -> None:
    assert authorization_status_v2("Fine") == authorization_status_v16("Fine") == "Invalid"


def test_celsius_has_one_spelling() -> None:
    assert [unit_v2(unit) for unit in ("Celcius", "Celsius", "Wh", None)] == [
        "Celsius",
        "Celsius",
        "Wh",
        None,
    ]
