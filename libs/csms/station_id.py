"""Identities of charging stations: which text may be one."""

from __future__ import annotations

from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, Field

LONGEST = 48
"""Characters (1.6: CiString48 of a ChargeBox identity; 2.x part 4, section 2.1)."""

FORBIDDEN = frozenset("/\\%?#:")
"""These mean something in a URL; a colon ends the user name of HTTP Basic authentication."""


RESERVED = frozenset({".", "..", "create", "delete", "list", "station", "update"})
"""What a path after ``/chargingstations/`` has another meaning for."""


def problem_with(text: str) -> str | None:
    """Why the text is no station's identity, or None if it may be one."""
    if not 0 < len(text) <= LONGEST:
        return f"a station id has 1 to {LONGEST} characters"
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


StationId = Annotated[str, Field(max_length=LONGEST), AfterValidator(_checked)]
"""Of a station that is registered."""
