"""A payload that a person writes: a form, and JSON beside it, which are two views of one payload."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from .forms import exact_json
from .forms.form import Filled, Form
from .forms.texts import BadForm


@dataclass(frozen=True)
class Composed:
    """What is written so far."""

    filled: Filled
    json_text: str
    json_problem: str = ""
    """Why the text is no JSON."""
    is_wrong: bool = False
    """It was to be sent, and cannot be."""
    is_sent: bool = False
    """It is to be sent, and nothing is known to be wrong with it."""

    @property
    def status(self) -> int:
        """Of the page that shows it again."""
        return 422 if self.is_wrong else 200


def started(form: Form, like: Any = None) -> Composed:
    """Of a new payload, or of one that is to be sent once more."""
    try:
        filled = form.blank() if like is None else form.of(like)
    except BadForm:
        filled = form.blank()
    return Composed(filled, filled.json_text)


def composed(form: Form, sent: FormData) -> Composed:
    """Of what a browser has sent, whose field ``act`` is ``send``, ``show``, ``send-json`` or ``show-json``:
    the latter go by the JSON. Raises ``BadForm`` for what no browser makes of this page.
    """
    pairs = [(name, text) for name, text in sent.multi_items() if isinstance(text, str)]
    act = str(sent.get("act", "send"))
    if act in ("send-json", "show-json"):
        return _of_json(form, pairs, str(sent.get("json", "")), act)
    filled = form.submitted(pairs)
    to_send = act == "send" and not filled.is_rebuilt
    found = len(filled.problems)
    return Composed(filled, filled.json_text, is_wrong=to_send and found > 0, is_sent=to_send and not found)


def _of_json(form: Form, pairs: list[tuple[str, str]], text: str, act: str) -> Composed:
    to_send = act == "send-json"
    try:
        payload = exact_json.read(text)
    except exact_json.BadJson as error:
        shown = form.submitted([pair for pair in pairs if pair[0] not in ("add", "remove")])
        return Composed(shown, text, str(error), is_wrong=to_send)
    try:
        filled = form.of(payload)
    except BadForm:
        filled = form.without_fields(payload)
    wrong = bool(filled.problems)
    return Composed(filled, text, is_wrong=to_send and wrong, is_sent=to_send and not wrong)


def new_key() -> str:
    """An Idempotency-Key: a page that is sent twice asks for one command."""
    return uuid.uuid4().hex
