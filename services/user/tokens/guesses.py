"""Wrong KeyCodes of each station: after some of them, none of its KeyCodes is accepted for a while, also not
the right one, so that a station cannot find out PINs by trying.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from pydantic import Field

from libs.csms.clients.authorization import Presented
from libs.csms.clock import Clock, Time
from libs.csms.pepper import Pepper
from libs.csms.storage.store import Collection, Document, Store

log = logging.getLogger(__name__)

MAX_WRONG_KEY_CODES = 5
WINDOW = timedelta(minutes=10)
"""So many wrong ones within this time block the KeyCodes of their station."""
BLOCK_TIME = timedelta(minutes=10)
"""From the last of them on. What is tried meanwhile does not count, so it makes the time no longer."""


class Guess(Document):
    """One wrong KeyCode."""

    id: str = Field(
        description="Hash with the pepper of the message id and the KeyCode: a message that the bus delivers "
        "twice is one guess; another KeyCode under the same message id is another guess."
    )
    at: Time = Field(description="When it was found to be wrong.")


class StationGuesses(Document):
    """The latest wrong KeyCodes of one station."""

    guesses: tuple[Guess, ...] = Field(default=(), description="By time; at most five.")

    def block(self, now: datetime) -> bool:
        """Whether the KeyCodes of the station are blocked now."""
        if len(self.guesses) < MAX_WRONG_KEY_CODES:
            return False
        first, last = self.guesses[0].at, self.guesses[-1].at
        return last - first < WINDOW and now < last + BLOCK_TIME

    def guessed(self, guess: Guess) -> StationGuesses:
        if self.block(guess.at) or any(each.id == guess.id for each in self.guesses):
            return self
        latest = sorted((*self.guesses, guess), key=lambda each: (each.at, each.id))
        return self.changed(guesses=tuple(latest[-MAX_WRONG_KEY_CODES:]))


@dataclass(frozen=True)
class Guesses:
    documents: Collection[StationGuesses]
    """By station id; none for a station without wrong KeyCodes. They go with the station."""
    pepper: Pepper
    clock: Clock

    @classmethod
    def of(cls, store: Store, pepper: Pepper, clock: Clock) -> Self:
        return cls(store.collection("keyCodeGuesses", StationGuesses), pepper, clock)

    async def block(self, station_id: str) -> bool:
        """Whether the KeyCodes of the station are blocked now."""
        known = await self.documents.get(station_id)
        return known is not None and known.block(self.clock())

    async def add(self, presented: Presented, id_token: str) -> None:
        """The KeyCode that a station has presented is wrong."""
        text = f"{presented.message_id}\n{id_token.casefold()}"
        guess = Guess(id=self.pepper.digest("guess", text.encode())[:32], at=self.clock())
        none = StationGuesses()
        known = await self.documents.update(
            presented.station_id, lambda known: (known or none).guessed(guess)
        )
        if known.block(guess.at):
            log.warning(
                "station %s: %d wrong KeyCodes: none of it is accepted for %d minutes",
                presented.station_id,
                MAX_WRONG_KEY_CODES,
                BLOCK_TIME.total_seconds() / 60,
            )

    async def station_deleted(self, station_id: str) -> None:
        await self.documents.delete(station_id)
