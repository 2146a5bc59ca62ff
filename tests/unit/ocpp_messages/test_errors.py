"""The error codes, as every version spells them."""

from __future__ import annotations

import pytest

from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.version import Version

BOTH_WORLDS = {
    "GenericError",
    "InternalError",
    "NotImplemented",
    "NotSupported",
    "PropertyConstraintViolation",
    "ProtocolError",
    "SecurityError",
    "TypeConstraintViolation",
}


def test_1_6_has_ten_codes_and_spells_two_of_them_in_its_own_way() -> None:
    spelled = {code.of(Version.V16) for code in ErrorCode}

    assert spelled == BOTH_WORLDS | {"FormationViolation", "OccurenceConstraintViolation"}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_2_x_has_twelve_codes(version: Version) -> None:
    spelled = {code.of(version) for code in ErrorCode}

    assert spelled == BOTH_WORLDS | {
        "FormatViolation",
        "MessageTypeNotSupported",
        "OccurrenceConstraintViolation",
        "RpcFrameworkError",
    }


@pytest.mark.parametrize("version", Version)
def test_a_code_is_plain_text(version: Version) -> None:
    assert all(type(code.of(version)) is str for code in ErrorCode)


def test_the_description_of_a_refusal_has_at_most_255_characters() -> None:
    error = CallError(ErrorCode.INTERNAL_ERROR, "x" * 300)

    assert error.description == "x" * 255
    assert error.details == {}
