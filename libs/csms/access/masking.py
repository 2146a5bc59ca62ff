"""Texts of tokens in responses, for callers who may see only their ends: who knows one can copy the card."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response
from fastapi.responses import JSONResponse

SHOWN_CHARACTERS = 4
"""Of a text twice as long or longer."""

MASK = "****"
"""Stands for the rest of the text, whatever its length."""

TOKEN_FIELDS = frozenset({"idToken", "idTokens", "idTag", "parentIdTag", "groupIdToken", "additionalIdToken"})
"""Of REST, and of OCPP payloads in any version. What is below them is searched too."""


def with_masked_tokens(response: Response) -> Response:
    """The same response, whose JSON has the ends of tokens only."""
    if isinstance(response, JSONResponse) or response.media_type == "application/json":
        body = getattr(response, "body", b"")
        if body:
            response.body = orjson.dumps(masked(orjson.loads(body)))
            response.headers["Content-Length"] = str(len(response.body))
    return response


def masked(value: Any, is_token: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: masked(part, name in TOKEN_FIELDS) for name, part in value.items()}
    if isinstance(value, list):
        return [masked(part, is_token) for part in value]
    return shown(value) if is_token and isinstance(value, str) else value


def shown(text: str) -> str:
    return MASK + (text[-SHOWN_CHARACTERS:] if len(text) >= 2 * SHOWN_CHARACTERS else "")
