"""What the user service consists of: people, tokens, reservations, local lists; each a package of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from libs.csms.access.keys import Keys
from libs.csms.audit.trail import Trail
from libs.csms.clients.authorization import Authorization, Presented
from libs.csms.clock import Clock
from libs.csms.messaging.router import Router
from libs.csms.settings import Settings
from libs.csms.station_messages.log import MessageLog
from libs.csms.station_messages.quota import DailyLimits
from libs.csms.storage.store import Store

from .local_list import handlers as local_list_handlers
from .local_list.service import LocalLists
from .local_list.service import router as local_list_router
from .people.accounts import Accounts
from .people.sign_in import SignIns
from .reservations import handlers as reservation_handlers
from .reservations.service import Reservations
from .reservations.service import router as reservation_router
from .tokens import handlers as token_handlers
from .tokens.authorizer import Authorizer
from .tokens.service import Tokens
from .tokens.service import router as token_router

router: Router[User] = Router("user")


@dataclass(frozen=True)
class User:
    """What handlers, paths and loops are given; each package gets its part."""

    tokens: Tokens
    reservations: Reservations
    local_lists: LocalLists
    keys: Keys
    accounts: Accounts
    sign_ins: SignIns
    message_log: MessageLog
    trail: Trail
    clock: Clock

    @classmethod
    def of(
        cls,
        store: Store,
        clock: Clock,
        settings: Settings,
        authorizer: Authorizer | None = None,
        process: str = "user",
    ) -> Self:
        """``process`` is the name of the one that this is in."""
        tokens = Tokens.of(store, clock, settings, authorizer)
        accounts = Accounts.of(store, clock)
        message_log = MessageLog.of(store, "user", DailyLimits.of(settings))
        return cls(
            tokens=tokens,
            reservations=Reservations.of(store, message_log, clock),
            local_lists=LocalLists.of(store, tokens, clock),
            keys=Keys.of(store, clock),
            accounts=accounts,
            sign_ins=SignIns.of(accounts, settings),
            message_log=message_log,
            trail=Trail.of(process, store, clock, settings),
            clock=clock,
        )

    async def authorize(
        self, id_token: str, type_: str | None, presented: Presented | None = None
    ) -> Authorization:
        """What is known about a token now; ``type_`` None is any."""
        return await self.tokens.authorize(id_token, type_, presented)


router.include(token_router.load(token_handlers), lambda user: user.tokens)
router.include(reservation_router.load(reservation_handlers), lambda user: user.reservations)
router.include(local_list_router.load(local_list_handlers), lambda user: user.local_lists)
