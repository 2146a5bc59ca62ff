"""How messages that break their schema are read all the same: one rule for each way to break it."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """The names of the rules, as reports and profiles of stations have them."""

    TIMESTAMP_FORMAT = "timestampFormat"
    """A time without zone, with ``+0000``, or with a space for the T. Without zone, it is read as UTC."""
    TIMESTAMP_MISSING = "timestampMissing"
    """An empty time, or none where one is required: the time of receipt takes its place."""
    NUMBER_AS_TEXT = "numberAsText"
    """A text that reads as the number which the schema wants."""
    TEXT_AS_NUMBER = "textAsNumber"
    """A number or boolean where the schema wants text."""
    DECIMAL_INTEGER = "decimalInteger"
    """A number with decimals where the schema wants an integer: rounded half to even."""
    NULL = "null"
    """null in an optional field: the field counts as absent."""
    TEXT_TOO_LONG = "textTooLong"
    """A text longer than its limit: cut."""
    UNKNOWN_FIELD = "unknownField"
    """A field that is not part of the message: left out."""
    UNKNOWN_VALUE = "unknownValue"
    """A value that its enumeration lacks: another spelling of a known one is read as that one, another value
    is left out or becomes Other.
    """
    EMPTY_LIST = "emptyList"
    """An empty list where at least one item is required: the list or its item counts as absent."""
    MISSING_FIELD = "missingField"
    """A required field is absent whose value follows from the rest, or does not matter."""
