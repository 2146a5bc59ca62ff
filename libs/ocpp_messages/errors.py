"""What can be wrong with a message, in the error codes of OCPP-J (part 4, section 4.3 of 2.0.1 and 2.1)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from .version import Version


class ErrorCode(StrEnum):
    """The error codes, spelled as 2.0.1 and 2.1 do; ``of`` gives the one that a version knows."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"

    def of(self, version: Version) -> str:
        """The code as ``version`` has it. 1.6 lacks two and spells two in its own way, one wrongly."""
        return _CODES_V16.get(self, self.value) if version is Version.V16 else self.value


_CODES_V16 = {
    ErrorCode.FORMAT_VIOLATION: "FormationViolation",
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "GenericError",
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "OccurenceConstraintViolation",
    ErrorCode.RPC_FRAMEWORK_ERROR: "FormationViolation",
}


class CallError(Exception):
    """A refusal, which is an answer: the other side receives it as a CALLERROR and nothing is tried again."""

    def __init__(self, code: ErrorCode, description: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description[:255]
        self.details = details or {}


class Violation(CallError):
    """A payload breaks the schema of its message."""

    def __init__(self, code: ErrorCode, place: str, problem: str) -> None:
        super().__init__(code, f"{place or 'the payload'}: {problem}")
        self.place = place
        """Such as ``meterValue.0.timestamp``. Empty at the top of the payload."""


class Unparseable(Exception):
    """The data of a bus message is not what its topic promises. Trying again would not help."""
