"""A command to many stations: what is asked, of which ones, and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.store import Document

from .model import Status


class Selection(Document):
    """The stations that satisfy all of it."""

    ids: list[str] | None = Field(default=None, description="Stations by id.")
    model: str | None = Field(default=None, description="As the stations report it.")
    firmware_version: str | None = Field(default=None, description="As the stations report it.")
    group: str | None = Field(
        default=None, description="The operator's word for stations that belong together."
    )


class BatchView(Document):
    id: str
    action: str
    payload: Any
    selection: Selection
    status: Literal["preparing", "running", "done"]
    created_at: Time
    expires_at: Time = Field(description="Until when it is sent to stations that are connected or come back.")
    cancelled_at: Time | None = Field(default=None, description="When it was taken back.")
    total: int = Field(description="How many stations it is for, as far as it is prepared.")
    counts: dict[Status, int] = Field(description="How many of their commands have which status.")


class Batch(Document):
    """It is preparing until every station that it selects has its command, or it is cancelled."""

    id: str
    action: str
    payload: str = Field(description="JSON.")
    selection: Selection
    waits: bool = Field(description="Whether stations that are away get theirs when they are back.")
    status: Literal["preparing", "running"] = "preparing"
    created_at: Time
    expires_at: Time
    cancelled_at: Time | None = None

    def cancelled(self, at: datetime) -> Batch:
        if self.cancelled_at is not None:
            return self
        return self.changed(status="running", cancelled_at=at)

    def prepared(self) -> Batch:
        return self.changed(status="running")

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
