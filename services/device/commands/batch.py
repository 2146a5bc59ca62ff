"""A command to many stations: its payload, the stations that it selects, and its progress."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.store import Document, Index, filters

from .model import REQUESTER_DESCRIPTION, Requester, Status

INDEXES = [
    Index((), "createdAt", descending=True),
    Index(("selection.group",), "createdAt", descending=True, embedded=False),
    *filters("status"),
]


class Selection(Document):
    """The stations that match all of its fields."""

    ids: list[str] | None = Field(default=None, description="Ids of stations.")
    model: str | None = Field(
        default=None, description="Model, as the stations report it in BootNotification."
    )
    firmware_version: str | None = Field(
        default=None, description="Firmware version, as the stations report it in BootNotification."
    )
    group: str | None = Field(
        default=None, description="The group that the operator has put the stations into."
    )


class BatchView(Document):
    """A command to many stations and its progress."""

    id: str = Field(description="Unique over all commands to many stations.")
    action: str = Field(description="OCPP action, such as `Reset`.")
    payload: Any = Field(description="Payload of the CALL to each station.")
    selection: Selection = Field(description="The stations that it is for.")
    status: Literal["preparing", "running", "done"] = Field(
        description="preparing until each station has its command, done when all of these have ended."
    )
    created_at: Time = Field(description="When a client requested it.")
    expires_at: Time = Field(description="Until when it may be sent to stations.")
    cancelled_at: Time | None = Field(default=None, description="When it was cancelled.")
    requested_by: Requester | None = Field(default=None, description=REQUESTER_DESCRIPTION)
    total: int = Field(description="Number of stations that have their command so far.")
    counts: dict[Status, int] = Field(description="Number of their commands by status.")


class Batch(Document):
    id: str = Field(description="Unique over all commands to many stations.")
    action: str = Field(description="OCPP action, such as `Reset`.")
    payload: str = Field(description="Payload of the CALL to each station, as JSON text.")
    selection: Selection = Field(description="The stations that it is for.")
    waits: bool = Field(description="Whether stations that are not connected get theirs once they connect.")
    status: Literal["preparing", "running"] = Field(
        default="preparing", description="preparing until each station has its command, or it is cancelled."
    )
    created_at: Time = Field(description="When a client requested it.")
    expires_at: Time = Field(description="Until when it may be sent to stations.")
    cancelled_at: Time | None = Field(default=None, description="When it was cancelled.")
    requested_by: Requester | None = Field(default=None, description=REQUESTER_DESCRIPTION)

    def cancelled(self, at: datetime) -> Batch:
        if self.cancelled_at is not None:
            return self
        return self.changed(status="running", cancelled_at=at)

    def prepared(self) -> Batch:
        return self.changed(status="running")

    def view(self, counts: dict[Status, int]) -> BatchView:
        known = self.model_dump(
            include={"id", "action", "created_at", "expires_at", "cancelled_at", "requested_by"}
        )
        is_open = counts["queued"] or counts["sent"]
        return BatchView(
            **known,
            selection=self.selection,
            payload=orjson.loads(self.payload),
            status="preparing" if self.status == "preparing" else "running" if is_open else "done",
            total=sum(counts.values()),
            counts=counts,
        )
