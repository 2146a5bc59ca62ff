"""What a handler of the user service is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import Clock
from libs.csms.messaging.router import Router
from libs.csms.settings import Settings
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.store import Collection, Store, filters

from .local_lists.kept import LocalLists
from .model import IdToken, keys
from .reservation import INDEXES as RESERVATION_INDEXES
from .reservation import Reservation

router: Router[User] = Router("user")


@dataclass(frozen=True)
class User:
    """``cache_lifetime`` bounds how long a station may rely on an answer; None leaves that to the station."""

    id_tokens: Collection[IdToken]
    reservations: Collection[Reservation]
    local_lists: LocalLists
    message_log: MessageLog
    clock: Clock
    cache_lifetime: timedelta | None = None

    @classmethod
    def of(cls, store: Store, clock: Clock, settings: Settings) -> Self:
        seconds = settings.auth_cache_lifetime
        return cls(
            id_tokens=store.collection("idTokens", IdToken, filters("groupIdToken", "status", "type")),
            reservations=store.collection("reservations", Reservation, RESERVATION_INDEXES),
            local_lists=LocalLists.of(store),
            message_log=MessageLog.of(store, "user"),
            clock=clock,
            cache_lifetime=None if seconds is None else timedelta(seconds=seconds),
        )

    async def authorize(self, id_token: str, type_: str | None) -> Authorization:
        """What is known about a token now; ``type_`` None is any. An unknown token is an answer too."""
        now = self.clock()
        if type_ is not None and type_.casefold() == "noauthorization":
            return Authorization(status="Accepted")
        token = await self.find(id_token, type_)
        if token is None or not token.is_of(type_):
            return Authorization(status="Unknown", cache_expiry_date_time=self._cached_until(None, now))
        return Authorization(
            status=token.status_at(now),
            cache_expiry_date_time=self._cached_until(token.expiry_date_time, now),
            group_id_token=token.group_id_token,
            max_active_transactions=token.max_active_transactions or None,
        )

    async def find(self, id_token: str, type_: str | None) -> IdToken | None:
        for key in keys(id_token, type_):
            token = await self.id_tokens.get(key)
            if token is not None:
                return token
        return None

    def _cached_until(self, expiry: datetime | None, now: datetime) -> datetime | None:
        limit = None if self.cache_lifetime is None else now + self.cache_lifetime
        return min((at for at in (expiry, limit) if at is not None), default=None)
