"""Which tokens have changed, noted before they do: so local lists learn of it though a process dies.

Tokens know nothing of lists: whoever relies on tokens takes the notes, and removes them when it is done.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from pydantic import Field

from libs.csms.alarm import Alarm
from libs.csms.clock import Clock, Time, rfc3339
from libs.csms.parallel import each
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Document, Index, Query, Store

ABANDONED_AFTER = timedelta(minutes=1)
"""A change takes much less: the process that noted it has died."""


class TokenChange(Document):
    """A note that a token was about to change."""

    id: str = Field(description="Of this note alone, so that removing it removes no later one.")
    token: str = Field(description="The document id of the token.")
    at: Time = Field(description="When the change began.")
    is_deletion: bool = Field(default=False, description="The token is known to have been deleted.")


@dataclass(frozen=True)
class TokenChanges:
    documents: Collection[TokenChange]
    clock: Clock
    alarm: Alarm
    """Wakes the loop that takes changes."""
    completed: list[TokenChange] = field(default_factory=list)
    """Changes of this process that have been made, and nobody has taken yet."""

    @classmethod
    def of(cls, store: Store, clock: Clock) -> Self:
        return cls(store.collection("tokenChanges", TokenChange, [Index((), "at")]), clock, Alarm(clock))

    async def begin(self, token: str) -> TokenChange:
        """Before a token changes. Returns when the note is durable."""
        change = TokenChange(id=uuid.uuid4().hex, token=token, at=self.clock())
        await self.documents.put(change.id, change)
        return change

    def complete(self, change: TokenChange) -> None:
        """The token has changed, or nobody knows whether it has."""
        self.completed.append(change)
        self.alarm.set(self.clock())

    def take(self) -> list[TokenChange]:
        """What this process has completed, once. Costs no read."""
        taken = list(self.completed)
        self.completed.clear()
        return taken

    async def abandoned(self) -> list[TokenChange]:
        """What processes that died have left behind."""
        until = rfc3339(self.clock() - ABANDONED_AFTER)
        return [change async for change in every(self.documents, Query(order_by="at", to=until))]

    async def outstanding(self) -> set[str]:
        """The tokens whose changes nobody has dealt with yet."""
        return {change.token async for change in every(self.documents, Query(page_size=1000))}

    async def remove(self, changes: Sequence[TokenChange]) -> None:
        await each(changes, lambda change: self.documents.delete(change.id))
