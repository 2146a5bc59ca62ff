"""Types of fields that clients send, beside those of Pydantic."""

from __future__ import annotations

from typing import Annotated, Any
from unicodedata import category

import orjson
from pydantic import AfterValidator


def plain(text: str) -> str:
    if any(category(character) == "Cc" for character in text):
        raise ValueError("control characters are not allowed")
    return text


Plain = AfterValidator(plain)


def _readable(value: Any) -> Any:
    try:
        is_readable = orjson.loads(orjson.dumps(value)) == value
    except TypeError:
        is_readable = False
    if not is_readable:
        raise ValueError("holds what is no JSON, or too deeply nested")
    return value


AnyJson = Annotated[Any, AfterValidator(_readable)]
"""Any JSON that can be written as it was read: without NaN, lone surrogates and numbers of any length."""
