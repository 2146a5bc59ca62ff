"""The forms of the operations that are the same for every version, as the device service describes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .forms.commands import operation_forms
from .forms.form import Form
from .person import Api

LIFETIME = 300.0
"""Seconds, after which they are made anew: the device service may be a newer one by then."""


class OperationForms:
    """One for all people: forms hold nothing of what is filled in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._forms: Mapping[str, Form] = {}
        self._until = float("-inf")

    async def known(self, device: Api) -> Mapping[str, Form]:
        """By the name of each operation in its path. Raises ``Refusal``."""
        if self._clock() >= self._until:
            self._forms = operation_forms(await device.get("/openapi.json"))
            self._until = self._clock() + LIFETIME
        return self._forms
