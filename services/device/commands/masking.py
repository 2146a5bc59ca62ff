"""What must not be kept in clear of commands and their answers: it alone knows where those hold secrets."""

from __future__ import annotations

import re
from typing import Any

import orjson

from libs.csms.secrets import HIDDEN, without_secrets

_SECRET_NAME = re.compile("password|passphrase|secret|authorizationkey|simpin|privatekey", re.IGNORECASE)
_KEYCODE = re.compile("keycode", re.IGNORECASE)
_USER_INFO = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/\s:@?#]*):[^/\s?#]*@")
"""The scheme has an end: without one, a text of a megabyte could take minutes."""

_VALUES = {"value", "attributeValue"}
"""Of a configuration key of 1.6, and of a variable of 2.x."""


def masked(payload: Any) -> Any:
    """A JSON value with its secrets hidden, equal to the one given if it has none.

    Raises ``CallError`` where it is nested so deeply that not every reader could show it.
    """
    return _masked(without_secrets(payload))


def masked_text(text: str) -> str:
    """Without the password in a URL."""
    return _USER_INFO.sub(rf"\1:{HIDDEN}@", text)


def _masked(value: Any, secret: frozenset[str] = frozenset()) -> Any:
    match value:
        case str():
            return masked_text(value)
        case list():
            return [_masked(part, secret) for part in value]
        case dict():
            return {name: _property(name, part, secret | _secrets(value)) for name, part in value.items()}
    return value


def _property(name: str, part: Any, secret: frozenset[str]) -> Any:
    match name, part:
        case _, str() if name in secret or _SECRET_NAME.search(name):
            return HIDDEN
        case "vpn", {"key": str()}:
            return _masked({**part, "key": HIDDEN}, secret)
        case "data", str() if _SECRET_NAME.search(part) or _KEYCODE.search(part):
            return HIDDEN
    return _masked(part, secret)


def _secrets(value: dict[str, Any]) -> frozenset[str]:
    """The properties of this object that hold the value of a setting with a secret's name."""
    match value:
        case {"key": str(name)} | {"variable": {"name": str(name)}} if _SECRET_NAME.search(name):
            return frozenset(_VALUES)
    return frozenset()


def masked_json(payload: Any) -> str:
    return orjson.dumps(masked(payload)).decode()
