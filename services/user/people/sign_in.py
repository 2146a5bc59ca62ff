"""How people sign in, and what they change of their own: sessions, password and second factor."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

from libs.csms.access.people import PERSON_ID, Person, SecondFactor, Session
from libs.csms.access.sessions import NewSession, SignedIn
from libs.csms.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from libs.csms.limits import FailedLogins, TokenBuckets, network_of
from libs.csms.pepper import Pepper
from libs.csms.settings import Settings

from .accounts import Accounts
from .passwords import check_password
from .second_factor import (
    EnrolledApp,
    Vault,
    app_of,
    is_app_code,
    new_recovery_codes,
    new_secret,
    recovery_digest,
    step_of,
    used,
)

log = logging.getLogger(__name__)

MAX_GUESSES_AT_ONCE = 4
"""Passwords of one address that are being checked."""

WRONG_CODES_PER_SECOND = 1 / 300
"""Of one person: six digits are guessed in a million tries. Only who knows the password gets so far."""

MAX_WRONG_CODES_AT_ONCE = 10

MAX_ACCOUNT_CHARACTERS = 100

_ID = re.compile(PERSON_ID)


class UnknownSession(NotFound):
    """The person has no session of that id."""

    def __init__(self) -> None:
        super().__init__("you have no session of that id")


class WrongCredentials(Unauthenticated):
    """The user name, the password or the code is wrong. Which of them, nobody is told."""

    def __init__(self) -> None:
        super().__init__("the user name, the password or the code is wrong")


class WrongPassword(Forbidden):
    """A person who has signed in has given a wrong password for what needs it again."""

    def __init__(self) -> None:
        super().__init__("the password is wrong")


class TooManyGuesses(TooMany):
    """Too many sign-ins of this address or of this account have failed."""

    def __init__(self, wait: float) -> None:
        super().__init__(
            "too many wrong passwords; Retry-After says when to try again", retry_after=int(wait) + 1
        )


class NoSecondFactor(Conflict):
    """No second factor awaits its first code."""

    def __init__(self) -> None:
        super().__init__("no second factor awaits its first code: POST /me/totp begins one")


class WrongCode(Invalid):
    """The code is not the one that the app shows now."""

    def __init__(self) -> None:
        super().__init__("body.oneTimePassword: is not the code that the app shows now")


class Entered(NamedTuple):
    person: Person
    session: NewSession


class SignIns:
    def __init__(self, accounts: Accounts, pepper: Pepper, settings: Settings) -> None:
        self._accounts = accounts
        self._sessions = accounts.sessions
        self._passwords = accounts.passwords
        self._clock = accounts.clock
        self._vault = Vault(pepper)
        self._failures = FailedLogins(settings.failed_logins_per_minute)
        self._wrong_codes = TokenBuckets(WRONG_CODES_PER_SECOND, MAX_WRONG_CODES_AT_ONCE)
        self._in_work: Counter[str] = Counter()

    @classmethod
    def of(cls, accounts: Accounts, settings: Settings) -> Self:
        return cls(accounts, Pepper.of(settings), settings)

    async def sign_in(self, user: str, password: str, code: str | None, address: str) -> Entered:
        """A new session. Raises ``WrongCredentials``, ``TooManyGuesses`` and ``TooManySignIns``."""
        id = user.strip().lower()
        with self._guess(address, id):
            person = await self._verified(id, password)
            if person is None:
                raise WrongCredentials
            factor, hash = self._proved(person, code), person.password
            if self._passwords.is_outdated(hash):
                hash = await self._passwords.hash(password)
            new, now = self._sessions.new(id, address), self._clock()

            def begin(known: Person) -> Person:
                if _proof(known) != _proof(person):  # what was checked has changed, or the code was used
                    raise WrongCredentials
                return known.changed(second_factor=factor, password=hash).with_session(new.session, now)

            entered = await self._sessions.update(id, begin)
            if entered is None:
                raise WrongCredentials
        log.info("person %s has signed in from %s", id, address)
        return Entered(entered, new)

    async def person_of(self, signed_in: SignedIn) -> Person:
        """Raises ``UnknownPerson``."""
        return await self._accounts.existing(signed_in.caller.id)

    async def sessions_of(self, signed_in: SignedIn) -> tuple[Session, ...]:
        """Those that count. Raises ``UnknownPerson``."""
        return (await self.person_of(signed_in)).current_sessions(self._clock())

    async def end_session(self, signed_in: SignedIn, session_id: str) -> None:
        """Raises ``UnknownSession``."""

        def ended(known: Person) -> Person:
            after = known.without_session(session_id)
            if after is known:
                raise UnknownSession
            return after

        await self._accounts.update(signed_in.caller.id, ended)

    async def change_password(self, signed_in: SignedIn, old: str, new: str, address: str) -> None:
        """Ends the other sessions. Raises ``WrongPassword``, ``BadPassword`` and what guesses raise."""
        person = await self._confirmed(signed_in, old, address)
        check_password(new, person.id, person.name)
        hash, now = await self._passwords.hash(new), self._clock()

        def changed(known: Person) -> Person:
            if known.password != person.password:
                raise WrongPassword
            return known.with_password(hash, now, signed_in.session_id)

        await self._accounts.update(person.id, changed)
        log.info("person %s has changed the password", person.id)

    async def enrol(self, signed_in: SignedIn, password: str, address: str) -> EnrolledApp:
        """The secret of an app, which counts from its first code on. Raises as ``change_password``."""
        person = await self._confirmed(signed_in, password, address)
        secret = new_secret()
        sealed = self._vault.sealed(secret, person.id)
        await self._accounts.update(person.id, lambda known: known.changed(pending_secret=sealed))
        return app_of(secret, person.id)

    async def confirm(self, signed_in: SignedIn, code: str) -> list[str]:
        """Recovery codes. Ends the other sessions. Raises ``NoSecondFactor`` and ``WrongCode``."""
        person = await self.person_of(signed_in)
        sealed = person.pending_secret
        secret = None if sealed is None else self._vault.opened(sealed, person.id)
        if sealed is None or secret is None:
            raise NoSecondFactor
        step = step_of(secret, code, self._clock())
        if step is None:
            raise WrongCode
        codes = new_recovery_codes()
        factor = SecondFactor(
            secret=sealed, last_step=step, recovery_codes=tuple(map(recovery_digest, codes))
        )

        def confirmed(known: Person) -> Person:
            if known.pending_secret != sealed:
                raise NoSecondFactor
            after = known.changed(second_factor=factor, pending_secret=None)
            return after.with_session_only(signed_in.session_id)

        await self._accounts.update(person.id, confirmed)
        log.info("person %s has a second factor now", person.id)
        return codes

    async def remove_second_factor(self, signed_in: SignedIn, password: str, address: str) -> None:
        """Raises as ``change_password``."""
        person = await self._confirmed(signed_in, password, address)
        await self._accounts.update(person.id, Person.without_second_factor)
        log.warning("person %s has no second factor any more", person.id)

    @contextmanager
    def _guess(self, address: str, id: str) -> Iterator[None]:
        """Counts a password that turns out wrong within. Raises ``TooManyGuesses``."""
        network, account = network_of(address), id[:MAX_ACCOUNT_CHARACTERS]
        wait = self._failures.wait(address, account)
        if wait or self._in_work[network] >= MAX_GUESSES_AT_ONCE:
            raise TooManyGuesses(wait)
        self._in_work[network] += 1
        try:
            yield
        except (WrongCredentials, WrongPassword):
            self._failures.failed(address, account)
            log.warning("address %s: a sign-in has failed", address)
            raise
        else:
            self._failures.succeeded(address, account)
        finally:
            self._in_work[network] -= 1
            if not self._in_work[network]:
                del self._in_work[network]

    async def _verified(self, id: str, password: str) -> Person | None:
        """In the same time whether the password is wrong, the person is disabled, or there is none."""
        person = await self._sessions.people.get(id) if _ID.fullmatch(id) else None
        if person is not None and person.disabled_at is not None:
            person = None
        is_right = await self._passwords.verify(None if person is None else person.password, password)
        return person if is_right else None

    async def _confirmed(self, signed_in: SignedIn, password: str, address: str) -> Person:
        """Who has signed in, and has shown the password again. Raises ``WrongPassword``."""
        id = signed_in.caller.id
        with self._guess(address, id):
            person = await self._verified(id, password)
            if person is None:
                raise WrongPassword
        return person

    def _proved(self, person: Person, code: str | None) -> SecondFactor | None:
        """The second factor after its code was used. Raises ``WrongCredentials``."""
        factor = person.second_factor
        if factor is None:
            return None
        if code is None or (is_app_code(code) and self._wrong_codes.wait(person.id)):
            raise WrongCredentials
        after = used(factor, self._vault.opened(factor.secret, person.id), code, self._clock())
        if after is None:
            self._wrong_codes.take(person.id)
            log.warning("person %s: the password was right and the code was wrong", person.id)
            raise WrongCredentials
        return after


def _proof(person: Person) -> object:
    return person.password, person.second_factor, person.disabled_at
