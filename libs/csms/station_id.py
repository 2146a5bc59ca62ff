"""Identities of charging stations: which text may be one."""

from __future__ import annotations

from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, Field

MAX_STATION_ID_LENGTH = 48
"""Characters (1.6: CiString48 of a ChargeBox identity; 2.x part 4, section 2.1)."""

FORBIDDEN = frozenset("/\\%?#:")
"""These mean something in a URL; a colon ends the user name of HTTP Basic authentication."""

RESERVED = frozenset({".", "..", "create", "delete", "list", "station", "update"})
"""These name other paths below ``/chargingstations/``, of this version or of earlier systems."""


def problem_with(text: str) -> str | None:
    """Why the text cannot be the id of a station, or None if it can."""
    if not 0 < len(text) <= MAX_STATION_ID_LENGTH:
        return f"a station id has 1 to {MAX_STATION_ID_LENGTH} characters"
    if text != text.strip():
        return "a station id has no white space at its ends"
    if any(category(character) in ("Cc", "Cs") for character in text):
        return "control characters are not allowed in a station id"
    if wrong := next((character for character in text if character in FORBIDDEN), None):
        return f"{wrong} is not allowed in a station id"
    if text in RESERVED:
        return f"{text} is not allowed as a station id"
    return None


def _checked(text: str) -> str:
    if (problem := problem_with(text)) is not None:
        raise ValueError(problem)
    return text


StationId = Annotated[str, Field(max_length=MAX_STATION_ID_LENGTH), AfterValidator(_checked)]
"""A station id in a REST body, checked."""
