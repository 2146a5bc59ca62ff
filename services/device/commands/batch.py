"""A command to many stations: what is asked, of which ones, and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson

from libs.csms.clock import Time
from libs.csms.storage.store import Document

from .command import Status


class Selection(Document):
    """The stations that satisfy all of it."""

    ids: list[str] | None = None
    model: str | None = None
    firmware_version: str | None = None
    group: str | None = None


class BatchView(Document):
    """``counts`` tells of how many stations the command has which status."""

    id: str
    action: str
    payload: Any
    selection: Selection
    status: Literal["preparing", "running", "done"]
    created_at: Time
    expires_at: Time
    cancelled_at: Time | None = None
    total: int
    counts: dict[Status, int]


class Batch(Document):
    """It is preparing until every station that it selects has its command in the journal, or it is cancelled.

    ``payload`` is JSON. Without ``waits``, stations that are away do not get theirs.
    """

    id: str
    action: str
    payload: str
    selection: Selection
    waits: bool
    status: Literal["preparing", "running"] = "preparing"
    created_at: Time
    expires_at: Time
    cancelled_at: Time | None = None

    def cancelled(self, at: datetime) -> Batch:
        if self.cancelled_at is not None:
            return self
        return self.changed(status="running", cancelled_at=at)

    def prepared(self) -> Batch:
        return self if self.status == "running" else self.changed(status="running")

    def shown(self, counts: dict[Status, int]) -> BatchView:
        known = self.model_dump(include={"id", "action", "created_at", "expires_at", "cancelled_at"})
        is_open = counts["queued"] or counts["sent"]
        return BatchView(
            **known,
            selection=self.selection,
            payload=orjson.loads(self.payload),
            status="preparing" if self.status == "preparing" else "running" if is_open else "done",
            total=sum(counts.values()),
            counts=counts,
        )
