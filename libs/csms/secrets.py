"""What must not be kept in clear of what stations send: it alone knows where OCPP payloads hold secrets."""

from __future__ import annotations

import re
from typing import Any

from libs.ocpp_messages.errors import CallError, ErrorCode

HIDDEN = "***"

DEEPEST = 100
"""Levels of a payload. OCPP itself has ten; more can only be in what vendors add."""

SECRET_VARIABLES = {"apnpassword", "apnsimpin", "basicauthpassword", "vpnkey", "vpnpassword"}

_SUSPICIOUS_PROPERTY = re.compile(
    r'("\w*(?:token|tag|password|value|key|pin|data|csr|certificate|url|location)"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)',
    re.IGNORECASE,
)


def without_secrets(value: Any, depth: int = 0, secret: frozenset[str] = frozenset()) -> Any:
    """A JSON value without what somebody knows: tokens of type KeyCode, passwords, write-only variables.

    ``secret`` are properties that hold secrets here. Raises ``CallError`` where the value is nested so deeply
    that not every reader could show it.
    """
    if depth > DEEPEST:
        raise CallError(ErrorCode.FORMAT_VIOLATION, "the payload is nested too deeply")
    if isinstance(value, list):
        return [without_secrets(part, depth + 1, secret) for part in value]
    if not isinstance(value, dict):
        return value
    secret |= _secret_properties(value)
    return {
        name: HIDDEN if name in secret and isinstance(part, str) else without_secrets(part, depth + 1, secret)
        for name, part in value.items()
    }


def _secret_properties(value: dict[str, Any]) -> set[str]:
    match value:
        case {"type": str(type_)} if type_.casefold() == "keycode":
            return {"idToken", "additionalIdToken"}
        case {"mutability": "WriteOnly"}:
            return {"value"}
        case {"variable": {"name": str(name)}} if name.casefold() in SECRET_VARIABLES:
            return {"actualValue", "value"}
    return set()


def text_without_secrets(text: str) -> str:
    """JSON text for a log. It may be cut off anywhere, so it is not parsed: more is hidden than need be."""
    return _SUSPICIOUS_PROPERTY.sub(r'\1"…"', text)
