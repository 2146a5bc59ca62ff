"""People who sign in here: what is stored of each, with his sessions. One document has all of it, so that a
change of a person's rights and the end of his sessions are one write.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Self

from pydantic import Field

from ..clock import Time
from ..storage.store import Document
from .callers import Caller
from .scopes import ROLES, Role, Scope, with_implied

PERSON_ID = r"^[a-z0-9][a-z0-9._+@-]{0,98}[a-z0-9]$"
"""A user name or an e-mail address. All of it may stand in a cookie and in a path."""

SESSION_LIFETIME = timedelta(hours=12)
"""Of a session, however much it is used."""

IDLE_LIFETIME = timedelta(minutes=30)
"""A session ends when it has not been used for so long."""

USE_INTERVAL = timedelta(minutes=1)
"""The last use of a session is stored once in this time."""

MAX_SESSIONS = 10
"""Of one person. A new one then ends the one that was used longest ago."""


class Session(Document):
    """Begins when somebody signs in. A plain hash is enough, because its token is 256 random bits."""

    id: str = Field(description="By which it can be ended; no secret.")
    sha256: str = Field(description="SHA-256 of its token, hexadecimal.")
    created_at: Time = Field(description="When the person signed in.")
    last_used_at: Time = Field(description="When it was last used, to one minute.")
    address: str = Field(description="IP address from which the person signed in.")

    @property
    def expires_at(self) -> datetime:
        return self.created_at + SESSION_LIFETIME

    def counts(self, at: datetime) -> bool:
        return at < self.expires_at and at - self.last_used_at < IDLE_LIFETIME

    def used(self, at: datetime) -> Self:
        return self if at - self.last_used_at < USE_INTERVAL else self.changed(last_used_at=at)


class SecondFactor(Document):
    """Codes by TOTP (RFC 6238), made by an app of the person's."""

    secret: str = Field(description="The secret of the app, encrypted with a key that the pepper makes.")
    last_step: int = Field(
        description="Number of the 30 seconds whose code was accepted last: no code counts twice."
    )
    recovery_codes: tuple[str, ...] = Field(
        description="SHA-256 of codes that count once each, for when the app is lost."
    )


class Person(Document):
    id: str = Field(description="User name or e-mail address, in lower case.")
    name: str = Field(description="The name of the person.")
    role: Role | None = Field(default=None, description="Whose scopes the person has, besides his own.")
    scopes: tuple[Scope, ...] = Field(default=(), description="The person's scopes, besides his role's.")
    groups: tuple[str, ...] | None = Field(
        default=None, description="The groups whose stations the person may see; absent: all stations."
    )
    password: str = Field(description="Argon2id hash of the password, with its salt and parameters.")
    password_changed_at: Time = Field(description="When the password was set.")
    second_factor: SecondFactor | None = Field(
        default=None, description="Absent: the password alone is enough."
    )
    pending_secret: str | None = Field(
        default=None, description="Encrypted secret of a second factor whose first code is still awaited."
    )
    sessions: tuple[Session, ...] = Field(default=(), description="The newest first; ten at most.")
    created_at: Time = Field(description="When the person was added.")
    created_by: str = Field(description="Id of the caller who added the person.")
    disabled_at: Time | None = Field(
        default=None, description="Since when the person cannot sign in; absent while he can."
    )

    @property
    def caller(self) -> Caller:
        role = ROLES[self.role] if self.role is not None else frozenset()
        groups = None if self.groups is None else frozenset(self.groups)
        return Caller(self.id, "person", with_implied(role | set(self.scopes)), groups)

    @property
    def administers(self) -> bool:
        """Whether he can make and change people now."""
        caller = self.caller
        return self.disabled_at is None and caller.groups is None and Scope.USERS_WRITE in caller.scopes

    def session(self, sha256: str, at: datetime) -> Session | None:
        """The one with this token, if it counts. Compares all of them in constant time."""
        found = [one for one in self.sessions if hmac.compare_digest(one.sha256, sha256)]
        return next((one for one in found if one.counts(at) and self.disabled_at is None), None)

    def current_sessions(self, at: datetime) -> tuple[Session, ...]:
        return tuple(one for one in self.sessions if one.counts(at))

    def with_session(self, session: Session, at: datetime) -> Self:
        known = self.current_sessions(at)
        kept = nlargest(MAX_SESSIONS - 1, known, key=lambda one: one.last_used_at)
        return self.changed(sessions=(session, *(one for one in known if one in kept)))

    def with_use(self, session_id: str, at: datetime) -> Self:
        return self.changed(
            sessions=tuple(one.used(at) if one.id == session_id else one for one in self.sessions)
        )

    def without_session(self, session_id: str) -> Self:
        return self.changed(sessions=tuple(one for one in self.sessions if one.id != session_id))

    def with_session_only(self, session_id: str | None) -> Self:
        """Ends all others; None ends every one."""
        return self.changed(sessions=tuple(one for one in self.sessions if one.id == session_id))

    def with_password(self, hash: str, at: datetime, session_id: str | None = None) -> Self:
        """A new one, which ends all sessions but this."""
        return self.changed(password=hash, password_changed_at=at).with_session_only(session_id)

    def without_second_factor(self) -> Self:
        return self.changed(second_factor=None, pending_secret=None)

    def disabled(self, at: datetime) -> Self:
        return self if self.disabled_at is not None else self.changed(disabled_at=at, sessions=())

    def enabled(self) -> Self:
        return self.changed(disabled_at=None)
