"""Secrets in OCPP payloads. The only module that knows which values are secret: what somebody knows (the text
of a KeyCode, a password, a key), not what somebody has (an RFID card).

What is kept, shown or logged of a payload goes through one of these functions first:

- ``masked`` and ``masked_json``: a payload as JSON, of which only the secrets are hidden;
- ``masked_text``: a text for people, such as an error description;
- ``secrets_in`` and ``without``: what a station says of a command, which may repeat the command's secrets;
- ``text_without_secrets``: a text of unknown form, or that it is withheld;
- ``masked_frame``: the beginning of a frame for the DEBUG log, which cannot be parsed;
- ``may_hold_secret``: data of unknown form, which is better kept not at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import orjson

from libs.ocpp_messages.errors import CallError, ErrorCode

HIDDEN = "***"

MAX_DEPTH = 100
"""Levels of a payload. OCPP itself has ten; more can only be in what vendors add."""

MIN_TEXT_IN_JSON = 4
"""Characters. Shorter ones, of which few are secrets, stand in too many words."""

_WORDS = "password|passphrase|secret|authorizationkey|privatekey|vpnkey|simpin"
_SECRET_NAME = re.compile(f"{_WORDS}|pin$", re.IGNORECASE)
_MAY_HOLD_SECRET = re.compile(rf"{_WORDS}|pin\b|keycode|vpn|writeonly", re.IGNORECASE)
_USER_INFO = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/\s:@?#]*):[^/\s?#]*@")
"""The scheme has an end: without one, a text of a megabyte could take minutes."""

_VALUES = frozenset({"value", "attributeValue", "actualValue"})
"""Where the value is of a configuration key of 1.6, and of a variable of 2.x."""

_TOKENS = frozenset({"idToken", "additionalIdToken"})
_NOTHING: frozenset[str] = frozenset()

_FRAME_PROPERTY = re.compile(r'"(\w{1,100})"(\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)', re.DOTALL)
_HIDDEN_IN_FRAMES = re.compile(
    f"{_WORDS}|(?:token|tag|value|key|pin|data|csr|certificate|url|location)$", re.IGNORECASE
)
"""More than secrets: whether a token is a KeyCode may stand behind the end of the text."""
_TEXT = r'"(?:[^"\\]|\\.)*"'
_ERROR_DESCRIPTION = re.compile(
    rf'^(\s*\[\s*[45]\s*,\s*{_TEXT}\s*,\s*{_TEXT}\s*,\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)', re.DOTALL
)
"""Of a CALLERROR or CALLRESULTERROR: it may repeat what it is about, in any form."""

_CUT_USER_INFO = re.compile(rf'{_USER_INFO.pattern.removesuffix("@")}(?:@|"|$)')


def masked(payload: Any) -> Any:
    """A JSON value with its secrets hidden, equal to the one given if it has none.

    Only texts are secret, so that what has been masked still fits its schema. Raises ``CallError`` where the
    value is nested so deeply that not every reader could show it.
    """
    return _masked(payload, _NOTHING, 0)


def masked_json(payload: Any) -> str:
    """Raises ``CallError`` like ``masked``."""
    return orjson.dumps(masked(payload)).decode()


def masked_text(text: str) -> str:
    """Without the password in a URL."""
    return _USER_INFO.sub(rf"\1:{HIDDEN}@", text) if "://" in text else text


def masked_frame(text: str) -> str:
    """The beginning of a frame, wherever it was cut, with all hidden that may be secret or is only long."""
    text = _ERROR_DESCRIPTION.sub(r'\1"…"', text)
    return _CUT_USER_INFO.sub(rf"\1:{HIDDEN}@", _FRAME_PROPERTY.sub(_hidden_in_frame, text))


def secrets_in(payload: Any) -> set[str]:
    """The texts that ``masked`` hides in a payload. Raises ``CallError`` like ``masked``."""
    found = set(_hidden(payload, masked(payload)))
    return (found | {orjson.dumps(text).decode()[1:-1] for text in found}) - {""}


def without(secrets: Collection[str], value: Any) -> Any:
    """A JSON value with these secrets hidden wherever they stand in its texts."""
    match value:
        case str():
            for secret in sorted(secrets, key=len, reverse=True):
                value = value.replace(secret, HIDDEN)
        case list():
            return [without(secrets, part) for part in value]
        case dict():
            return {name: without(secrets, part) for name, part in value.items()}
    return value


def text_without_secrets(text: str) -> str:
    """A text in which a password or PIN may stand is withheld, as nobody knows its place."""
    return "(withheld: may hold a secret)" if may_hold_secret(text) else masked_text(text)


def may_hold_secret(text: str) -> bool:
    """For data that nobody could decode: it has a word beside which secrets stand."""
    return _MAY_HOLD_SECRET.search(text) is not None


def is_secret_name(name: str) -> bool:
    """Whether what is below a property of this name may be secret."""
    return _SECRET_NAME.search(name) is not None


def is_secret_token_type(type_: str | None) -> bool:
    """The text of a token of this type is a PIN. Types are compared without regard to case."""
    return type_ is not None and type_.casefold() == "keycode"


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    """The texts of ``value`` that ``shown``, the same when masked, has no more."""
    match value:
        case str() if shown == HIDDEN:
            yield value
            yield from _texts_in_json(value)
        case str() if value != shown:
            for url in _USER_INFO.finditer(value):
                yield url[0].removeprefix(f"{url[1]}:").removesuffix("@")
        case list():
            for part, shown_part in zip(value, shown, strict=True):
                yield from _hidden(part, shown_part)
        case dict():
            for name, part in value.items():
                yield from _hidden(part, shown[name])


def _texts_in_json(text: str) -> Iterator[str]:
    """Of JSON in a text, as the ``data`` of a DataTransfer: any may be the secret that it was hidden for."""
    try:
        found = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        return
    while found:
        match found.pop():
            case str(part) if len(part) >= MIN_TEXT_IN_JSON:
                yield part
            case list(parts):
                found += parts
            case dict(parts):
                found += parts.values()


def _masked(value: Any, secret: frozenset[str], depth: int) -> Any:
    """``secret`` are the properties that hold secrets in this value and below."""
    if depth > MAX_DEPTH:
        raise CallError(ErrorCode.FORMAT_VIOLATION, "the payload is nested too deeply")
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list):
        return [_masked(part, secret, depth + 1) for part in value]
    if isinstance(value, dict):
        secret |= _secret_properties(value)
        return {name: _property(name, part, secret, depth) for name, part in value.items()}
    return value


def _property(name: str, part: Any, secret: frozenset[str], depth: int) -> Any:
    if isinstance(part, str):
        is_secret = name in secret or _SECRET_NAME.search(name) or (name == "data" and may_hold_secret(part))
        return HIDDEN if is_secret else masked_text(part)
    if name == "vpn":
        secret |= {"key"}
    return _masked(part, secret, depth + 1)


def _secret_properties(value: dict[str, Any]) -> frozenset[str]:
    """Of this object, by what it says of itself."""
    type_, variable, key = value.get("type"), value.get("variable"), value.get("key")
    if isinstance(type_, str) and is_secret_token_type(type_):
        return _TOKENS
    if value.get("mutability") == "WriteOnly":
        return _VALUES
    name = variable.get("name") if isinstance(variable, dict) else key
    return _VALUES if isinstance(name, str) and _SECRET_NAME.search(name) else _NOTHING


def _hidden_in_frame(found: re.Match[str]) -> str:
    name, colon = found.groups()
    return f'"{name}"{colon}"…"' if _HIDDEN_IN_FRAMES.search(name) else found[0]
