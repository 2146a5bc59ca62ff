"""People who sign in here: who they are, and who may change them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Self

from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.people import Person
from libs.csms.access.scopes import Role, Scope
from libs.csms.access.sessions import Sessions
from libs.csms.clock import Clock
from libs.csms.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Page, Query, Store

from .passwords import Passwords, check_password

MAX_PEOPLE = 1_000

_RESERVED = re.compile(rf"local|nobody|csms|api-token|{'|'.join(SERVICES)}|[0-9a-f]{{16}}")
"""Ids of other callers: a person of that id would look like one in what says who did something."""


class UnknownPerson(NotFound):
    """There is nobody of that id."""

    def __init__(self) -> None:
        super().__init__("there is no person of that id")


class KnownPerson(Conflict):
    """There is a person of that id already."""

    def __init__(self) -> None:
        super().__init__("there is a person of that id already")


class ReservedId(Invalid):
    """The id could be mistaken for that of another caller."""

    def __init__(self) -> None:
        super().__init__("body.id: is the id of a program or a service, or looks like one")


class MoreThanYours(Forbidden):
    """A person has, or would have, more rights than the caller."""


class LastAdministrator(Conflict):
    """Nobody could make or change people any more."""

    def __init__(self) -> None:
        super().__init__("somebody must be left who may change people (scope users:write, no groups)")


class FirstAdministrator(Conflict):
    """The first person ends what everybody on loopback may do, so he must be able to add others."""

    def __init__(self) -> None:
        super().__init__(
            "the first person must have the scope users:write: once there is one, nothing is done without "
            "signing in"
        )


class NoRights(Invalid):
    """A person would have neither a role nor scopes."""

    def __init__(self) -> None:
        super().__init__("a person needs a role or scopes")


class NotYourOwn(Forbidden):
    """An administrator would change his own password or second factor without showing the old one."""

    def __init__(self) -> None:
        super().__init__("change your own password and second factor below /me")


class Accounts:
    """Every method raises ``UnknownPerson`` where there is nobody of that id."""

    def __init__(self, sessions: Sessions, passwords: Passwords) -> None:
        self.sessions = sessions
        self.passwords = passwords
        self.clock: Clock = sessions.clock

    @classmethod
    def of(cls, store: Store, clock: Clock) -> Self:
        return cls(Sessions.of(store, clock), Passwords())

    @property
    def _people(self) -> Collection[Person]:
        return self.sessions.people

    async def page(self, size: int, token: str) -> Page[Person]:
        return await self._people.find(Query(page_size=size, page_token=token))

    async def existing(self, id: str) -> Person:
        """Raises ``UnknownPerson``."""
        person = await self._people.get(id)
        if person is None:
            raise UnknownPerson
        return person

    async def create(
        self,
        id: str,
        name: str,
        password: str,
        caller: Caller,
        role: Role | None = None,
        scopes: Sequence[Scope] = (),
        groups: Sequence[str] | None = None,
    ) -> Person:
        """Raises ``KnownPerson``, ``ReservedId``, ``BadPassword``, ``MoreThanYours``, ``FirstAdministrator``
        and ``TooMany``.
        """
        if _RESERVED.fullmatch(id):
            raise ReservedId
        check_password(password, id, name)
        now = self.clock()
        person = Person(
            id=id,
            name=name,
            role=role,
            scopes=tuple(sorted(set(scopes))),
            groups=None if groups is None else tuple(sorted(set(groups))),
            password="",
            password_changed_at=now,
            created_at=now,
            created_by=caller.id,
        )
        _check_rights(person, caller)
        if caller.kind == "local" and not person.administers:
            raise FirstAdministrator
        if await self._people.count({}) >= MAX_PEOPLE:
            raise TooMany(f"there are {MAX_PEOPLE} people already: remove those who have left")
        person = person.changed(password=await self.passwords.hash(password))

        def created(known: Person | None) -> Person:
            if known is not None:
                raise KnownPerson
            return person

        return await self.sessions.add(id, created)

    async def change(
        self,
        id: str,
        change: Callable[[Person], Person],
        caller: Caller,
        password: str | None = None,
    ) -> Person:
        """``password`` is a new one, which ends all sessions. Raises ``MoreThanYours``, ``NoRights``,
        ``LastAdministrator``, ``NotYourOwn`` and ``BadPassword``.
        """

        def permitted(known: Person) -> Person:
            _check_rights(known, caller)
            after = change(known)
            _check_rights(after, caller)
            return after

        before, now = await self.existing(id), self.clock()
        if not permitted(before).administers:
            await self._check_others_administer(before)
        if password is None:
            after = await self.update(id, permitted)
        else:
            _refuse_own(id, caller)
            check_password(password, id, before.name)
            hash = await self.passwords.hash(password)
            after = await self.update(id, lambda known: permitted(known).with_password(hash, now))
        if not after.administers:
            await self._undo_if_last(before)
        return after

    async def _undo_if_last(self, before: Person) -> None:
        """Two who administered may have been changed at the same time. Raises ``LastAdministrator``."""
        try:
            await self._check_others_administer(before)
        except LastAdministrator:
            await self.update(before.id, lambda _: before)
            raise

    async def disable(self, id: str, caller: Caller) -> Person:
        now = self.clock()
        return await self.change(id, lambda known: known.disabled(now), caller)

    async def remove(self, id: str, caller: Caller) -> None:
        """Raises ``MoreThanYours`` and ``LastAdministrator``."""
        await self.disable(id, caller)
        await self.sessions.delete(id)

    async def reset_second_factor(self, id: str, caller: Caller) -> Person:
        """For a person who has lost the app and the recovery codes. Raises as ``change``."""
        _refuse_own(id, caller)
        return await self.change(id, Person.without_second_factor, caller)

    async def _check_others_administer(self, person: Person) -> None:
        """If this one did. Raises ``LastAdministrator``."""
        if not person.administers:
            return
        async for other in every(self._people, Query()):
            if other.administers and other.id != person.id:
                return
        raise LastAdministrator

    async def update(self, id: str, change: Callable[[Person], Person]) -> Person:
        """Raises ``UnknownPerson``."""
        person = await self.sessions.update(id, change)
        if person is None:
            raise UnknownPerson
        return person


def _check_rights(person: Person, caller: Caller) -> None:
    """Raises ``NoRights`` and ``MoreThanYours``."""
    scopes = person.caller.scopes
    if not scopes:
        raise NoRights
    if missing := sorted(scopes - caller.scopes):
        raise MoreThanYours(f"the person has, or would have, scopes that you have not: {', '.join(missing)}")


def _refuse_own(id: str, caller: Caller) -> None:
    """Raises ``NotYourOwn``."""
    if caller.kind == "person" and caller.id == id:
        raise NotYourOwn
