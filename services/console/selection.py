"""The stations that a command to many is for, as a person chooses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.datastructures import QueryParams
from starlette.datastructures import FormData

from .fleet import Row
from .person import Json


@dataclass(frozen=True)
class Selection:
    """Stations that fit all of these; what is empty does not count."""

    ids: tuple[str, ...] = ()
    group: str = ""
    model: str = ""
    firmware: str = ""

    @classmethod
    def of(cls, given: QueryParams | FormData) -> Selection:
        """Ids stand one a line, for they may have any other sign in them."""
        lines = "\n".join(str(text) for text in given.getlist("ids")).splitlines()
        ids = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
        return cls(ids, *(str(given.get(name, "")).strip() for name in ("group", "model", "firmware")))

    @property
    def body(self) -> Json:
        """As the REST takes it."""
        known = {
            "ids": list(self.ids),
            "group": self.group,
            "model": self.model,
            "firmwareVersion": self.firmware,
        }
        return {name: value for name, value in known.items() if value}

    @property
    def text(self) -> str:
        """The ids, one a line."""
        return "\n".join(self.ids)

    def count(self, rows: Mapping[str, Row]) -> int | None:
        """How many stations it is now; None where nothing is chosen."""
        if not self.body:
            return None
        ids = self.ids or rows
        return sum(1 for id in ids if id in rows and self._fits(rows[id].station))

    def _fits(self, station: Json) -> bool:
        wanted = {"group": self.group, "model": self.model, "firmwareVersion": self.firmware}
        return all(not value or station.get(name) == value for name, value in wanted.items())
