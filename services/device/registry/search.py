"""Searching stations by text: the keys that a station is found by, and the key that a search looks for.

Neither store searches in texts. Both find documents by one text in a list, so every beginning that may be
searched for is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_KEY = 48
"""Characters of a key, and of what may be searched for: an id has no more."""

MAX_WORDS = 6
"""Of one text that can be searched for from their beginnings."""

_WORD = re.compile(r"[^\W\d_]+|\d+")


def search_keys(*texts: str | None) -> list[str]:
    """Every beginning of each text, and of what begins with one of its words: letters, or a number with or
    without its leading zeros. About 80 for a station.
    """
    beginnings = {beginning for text in texts if text for beginning in _beginnings(search_key(text))}
    return sorted({text[:end] for text in beginnings for end in range(1, min(len(text), MAX_KEY) + 1)})


def search_key(text: str) -> str:
    """The same for texts that differ in case or white space alone."""
    return " ".join(text.casefold().split())[:MAX_KEY]


def _beginnings(text: str) -> Iterator[str]:
    yield text
    for word in list(_WORD.finditer(text))[:MAX_WORDS]:
        yield text[word.start() :]
        if zeros := len(word[0]) - len(word[0].lstrip("0")):
            yield text[word.start() + zeros :]
