"""The time, as a function so that tests can stop it, and as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=4096)
def rfc3339(at: datetime) -> str:
    """In UTC to the millisecond, ``2026-11-20T18:12:00.000Z``: of one length, so that text sorts as time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_time(text: str) -> datetime:
    """RFC 3339 or ISO 8601, to the millisecond. A time without zone counts as UTC. Raises ``ValueError``."""
    at = datetime.fromisoformat(text.upper())  # RFC 3339 §5.6: "t" and "z" are as good
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    elif at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return _to_milliseconds(at)


def latest(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _to_milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000) if at.microsecond % 1000 else at


def _in_utc(at: datetime) -> datetime:
    try:
        return _to_milliseconds(at.astimezone(UTC))
    except OverflowError as error:
        raise ValueError("is no time in UTC") from error


Time = Annotated[AwareDatetime, AfterValidator(_in_utc), PlainSerializer(rfc3339, when_used="json")]
"""A time in a document or REST body: any zone in, UTC out."""
