"""Frames of any content and text of any kind: what is written is read again, the rest is a ``FrameError``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ocpp_messages.frame import Call, Error, Frame, FrameError, Result, ResultError, Send, format, parse
from libs.ocpp_messages.version import Version

from .payloads import KEYS

every_version = pytest.mark.parametrize("version", Version)
thorough = settings(max_examples=150, deadline=None, database=None, derandomize=True)

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.sampled_from([0.5, "", "é", "null", "1.0"])
)
NAMES = st.sampled_from(KEYS)
OPAQUE = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=2) | st.dictionaries(NAMES, part, max_size=2), max_leaves=4
)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=36)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
OBJECTS = st.dictionaries(TEXTS, OPAQUE, max_size=3)
ANYTHING = OPAQUE | IDS | TEXTS | st.integers(-1, 7) | st.floats() | OBJECTS
FRAMES = (
    st.builds(Call, IDS, TEXTS, OBJECTS)
    | st.builds(Result, IDS, OBJECTS)
    | st.builds(Error, IDS, TEXTS, TEXTS, OBJECTS)
    | st.builds(ResultError, IDS, TEXTS, TEXTS, OBJECTS)
    | st.builds(Send, IDS, TEXTS, OBJECTS)
)


def read(text: str | bytes, version: Version) -> Frame | None:
    """The frame, or None where there is none. Fails the test if anything else comes of the text."""
    try:
        frame = parse(text, version)
    except FrameError as error:
        if error.answer:
            assert parse(format(error.answer), Version.V21) == error.answer
        return None
    format(frame)
    return frame


@thorough
@given(FRAMES)
def test_a_frame_is_read_as_it_was_written(frame: Frame) -> None:
    assert parse(format(frame), Version.V21) == frame
    assert parse(format(frame).decode(), Version.V21) == frame


@every_version
@thorough
@given(text=st.binary(max_size=80) | st.text(st.characters(), max_size=40))
def test_any_text_is_a_frame_or_a_frame_error(version: Version, text: str | bytes) -> None:
    read(text, version)


@every_version
@thorough
@given(
    array=st.lists(ANYTHING, max_size=6), number=st.sampled_from([2, 3, 4, 5, 6, 2.0, "2", True, None, 2**64])
)
def test_any_json_is_a_frame_or_a_frame_error(version: Version, array: list[Any], number: Any) -> None:
    read(json.dumps(array), version)
    read(json.dumps([number, *array]), version)


@every_version
@thorough
@given(frame=FRAMES, position=st.integers(0, 60), byte=st.binary(min_size=1, max_size=2))
def test_a_damaged_frame_is_a_frame_or_a_frame_error(
    version: Version, frame: Frame, position: int, byte: bytes
) -> None:
    text = format(frame)

    read(text[:position] + byte + text[position + 1 :], version)
    read(text[:position], version)
