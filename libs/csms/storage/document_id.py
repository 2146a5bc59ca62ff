"""What Firestore takes as the id of a document."""

from __future__ import annotations

import hashlib
import re

LONGEST = 1500
"""Bytes."""


def document_id(id: str) -> str:
    """Ordinary ids stay as they are, ``/`` and ``%`` are percent-encoded, and no two ids become the same."""
    encoded = re.sub(r"[%/\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", id) or "%"
    if _is_reserved(encoded):
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    if len(encoded.encode()) > LONGEST:
        beginning = encoded.encode()[: LONGEST - 100].decode(errors="ignore")
        encoded = f"{beginning}%~{hashlib.sha256(encoded.encode()).hexdigest()}"
    return encoded


def is_document_id(text: str) -> bool:
    return bool(text) and "/" not in text and not _is_reserved(text) and len(text.encode()) <= LONGEST


def _is_reserved(text: str) -> bool:
    return text in (".", "..") or re.fullmatch("__.*__", text, re.DOTALL) is not None
