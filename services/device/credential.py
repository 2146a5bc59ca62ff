"""A station's secrets, and which of them it has. Knows how secrets are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Literal

from libs.csms.clock import Time
from libs.csms.storage.store import Document

_HEXADECIMAL_KEY = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,20}")

Standing = Literal["held", "proposed", "possible", "postponed"]
"""A secret is held by the station; or a command that has no answer yet brings it; or one that got none may
have brought it; or the station has accepted it, and takes it with its next reboot.
"""


class Secret(Document):
    """The salted hash of a secret. It is not stretched: secrets are long, and thousands of stations may
    reconnect at once. ``command_id`` is the command that brought it to the station.
    """

    salt: str
    digest: str
    set_at: Time
    standing: Standing = "held"
    command_id: str | None = None

    @classmethod
    def of(cls, secret: str, at: datetime) -> Secret:
        salt = secrets.token_bytes(16)
        return cls(salt=salt.hex(), digest=_digest(salt, secret.encode()), set_at=at)

    def matches(self, password: bytes) -> bool:
        """In constant time."""
        return hmac.compare_digest(self.digest, _digest(bytes.fromhex(self.salt), password))

    def standing_as(self, standing: Standing) -> Secret:
        return self.changed(standing=standing)


class Credential(Document):
    """The secrets that a station may present, each of which it is admitted with: one, but while it is given
    another. With none that is held it may come without one, as before it was given the first.
    """

    secrets: tuple[Secret, ...]

    @classmethod
    def of(cls, secret: str, at: datetime) -> Credential:
        return cls(secrets=(Secret.of(secret, at),))

    @property
    def is_needed(self) -> bool:
        return any(each.standing == "held" for each in self.secrets)

    def match(self, password: bytes) -> Secret | None:
        return next((each for each in self.secrets if each.matches(password)), None)

    def is_only(self, secret: str) -> bool:
        return len(self.secrets) == 1 and self.is_needed and self.secrets[0].matches(secret.encode())

    def used(self, presented: Secret | None) -> Credential:
        """The station has come with this secret, or without one: so one that it might have had it has not.

        One that waits for its reboot it still has, and one whose command is open it may be given.
        """
        if presented is None or presented.standing == "held":
            left = [each for each in self.secrets if each.standing != "possible"]
        else:
            left = [presented.standing_as("held"), *self._still_ahead_of(presented)]
        return self._of(left)

    def replaced(self, secret: Secret) -> Credential:
        """By the operator. One whose command is open may still reach the station."""
        return self._of([secret, *(each for each in self.secrets if each.standing == "proposed")])

    def proposed(self, secret: Secret) -> Credential:
        """A command is about to bring it."""
        if any(each.command_id == secret.command_id for each in self.secrets):
            return self
        return self._of([*self.secrets, secret.standing_as("proposed")])

    def accepted(self, command_id: str) -> Credential:
        """The station has it instead of those before it. A later one may be the station's already: then
        the next use of either tells.
        """
        taken = self._brought_by(command_id)
        if taken is None:
            return self
        if any(each.set_at > taken.set_at and each.standing == "held" for each in self.secrets):
            return self._with(taken, "possible")
        return self._of([taken.standing_as("held"), *self._still_ahead_of(taken)])

    def postponed(self, command_id: str) -> Credential:
        """The station takes it with its next reboot."""
        taken = self._brought_by(command_id)
        return self if taken is None else self._with(taken, "postponed")

    def doubted(self, command_id: str) -> Credential:
        """Nobody knows whether the station has taken it."""
        taken = self._brought_by(command_id)
        return self if taken is None or taken.standing != "proposed" else self._with(taken, "possible")

    def refused(self, command_id: str) -> Credential:
        taken = self._brought_by(command_id)
        return self._of([each for each in self.secrets if each is not taken])

    def _still_ahead_of(self, taken: Secret) -> list[Secret]:
        """The others that the station may get, though it has this one now."""
        others = [each for each in self.secrets if each is not taken]
        return [
            each
            for each in others
            if each.standing == "proposed" or (each.standing == "postponed" and each.set_at > taken.set_at)
        ]

    def _brought_by(self, command_id: str) -> Secret | None:
        """Unless the station has shown meanwhile that it has it."""
        brought = (each for each in self.secrets if each.command_id == command_id)
        return next((each for each in brought if each.standing != "held"), None)

    def _with(self, secret: Secret, standing: Standing) -> Credential:
        return self._of([each.standing_as(standing) if each is secret else each for each in self.secrets])

    def _of(self, secrets: list[Secret]) -> Credential:
        return self if tuple(secrets) == self.secrets else Credential(secrets=tuple(secrets))


def new_secret() -> str:
    """40 random hexadecimal digits: an AuthorizationKey of 1.6 and a BasicAuthPassword of 2.x."""
    return secrets.token_hex(20)


def _digest(salt: bytes, secret: bytes) -> str:
    return hashlib.sha256(salt + _key(secret)).hexdigest()


def _key(secret: bytes) -> bytes:
    """A key of 16 to 20 bytes for its hexadecimal text, anything else for itself.

    Stations of 1.6 are given their AuthorizationKey as hexadecimal text. In the header some send the bytes
    that it stands for, as they should, and many the text: so both are one secret, whichever the operator set.
    """
    return bytes.fromhex(secret.decode()) if _HEXADECIMAL_KEY.fullmatch(secret) else secret
