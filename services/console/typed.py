"""What a person has typed into a form, as the REST wants it. What cannot be read goes on as it is: the
service refuses it, and names the place.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import FormData

MINUTES = len("2026-11-20T11:00")
"""What browsers send of a date and a time without seconds."""


def typed(form: FormData, *names: str) -> dict[str, str]:
    """Text by the names of fields; empty where nothing was typed."""
    return {name: str(form.get(name, "")).strip() for name in names}


def utc(text: str) -> str:
    """Of an input of the type datetime-local: RFC 3339 in UTC."""
    return f"{text}:00Z" if len(text) == MINUTES else text


def period(filters: Mapping[str, str]) -> dict[str, str]:
    """The filters of a list, with its bounds in time as the REST wants them."""
    return {name: utc(value) if name in ("from", "to") else value for name, value in filters.items()}


def number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() else text


def words(text: str) -> list[str]:
    """What is separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
