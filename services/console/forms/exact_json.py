"""JSON with numbers as they were written: what a person typed is what the station gets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import orjson

from libs.csms.errors import Invalid
from libs.ocpp_messages.action import encode

MAX_DEPTH = 60
"""Objects and lists within one another. OCPP needs 11."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class BadJson(Invalid):
    """The text is not JSON, or not such as the API takes."""


def read(text: str) -> Any:
    """Decimals become ``Decimal``. Raises ``BadJson``, also for what lies deeper than ``MAX_DEPTH``."""
    try:
        orjson.loads(text)
        value = _decode(text)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"not JSON: {error.msg}, in line {error.lineno}, column {error.colno}") from None
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise BadJson(f"not JSON: {error}") from None
    if _is_deeper(value, MAX_DEPTH):
        raise BadJson(f"JSON with more than {MAX_DEPTH} objects or lists within one another")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    match value:
        case dict():
            return levels == 0 or any(_is_deeper(one, levels - 1) for one in value.values())
        case list():
            return levels == 0 or any(_is_deeper(one, levels - 1) for one in value)
    return False


def write(value: Any) -> bytes:
    """For the wire."""
    return encode(value)


def pretty(value: Any) -> str:
    """For people."""
    return msgspec.json.format(encode(value), indent=2).decode()
