"""Frames in the DEBUG log: cut short, and without what may be secret."""

from __future__ import annotations

import logging

from libs.csms.secrets import masked_frame

log = logging.getLogger(__name__)

_LENGTH = 200


def received(frame: str | bytes) -> None:
    if log.isEnabledFor(logging.DEBUG):
        log.debug("< %s", _readable(frame))


def sent(frame: str | bytes) -> None:
    if log.isEnabledFor(logging.DEBUG):
        log.debug("> %s", _readable(frame))


def _readable(frame: str | bytes) -> str:
    start = frame[: 4 * _LENGTH]
    text = start if isinstance(start, str) else start.decode(errors="replace")
    text = masked_frame(text)
    return text if len(text) <= _LENGTH and len(frame) <= 4 * _LENGTH else f"{text[:_LENGTH]}… ({len(frame)})"
