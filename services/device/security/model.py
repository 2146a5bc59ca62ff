"""The secrets and the security profile of a station. Alone knows how secrets are stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Literal

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.pepper import Pepper
from libs.csms.storage.store import Document

MIN_SECRET_LENGTH = 16
"""Characters. A shorter secret is weak."""

MIN_WEAK_LENGTH = 8
"""Characters of a weak secret."""

MAX_SECRET_LENGTH = 64

_HEXADECIMAL_KEY = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,20}")

MAX_UNUSED_SECRETS = 8
"""Secrets that commands set and the station has not used yet. The oldest is forgotten for one more."""

SecretState = Literal["active", "pending", "uncertain", "awaiting_reboot", "in_network_profile"]
"""``active``: the station has it. ``pending``: a command that sets it has no answer yet. ``uncertain``: a
command that got no answer may have set it. ``awaiting_reboot``: the station has accepted it, and uses it from
its next reboot. ``in_network_profile``: the station may have it in a network profile (2.1: B09), and uses it
from when it connects by that profile, whatever other secrets it is given meanwhile.
"""


class Secret(Document):
    """The hash of a secret, with a salt and the pepper. The pepper protects what is stored; the hash is fast,
    because thousands of stations may reconnect at once.
    """

    salt: str = Field(description="16 random bytes, hexadecimal.")
    digest: str = Field(description="Hash of salt and secret, hexadecimal.")
    scheme: str | None = Field(
        default=None,
        description="How it was hashed: `hmac-sha256` and the id of the pepper. Absent: by SHA-256 without "
        "pepper, as earlier versions did; it is hashed anew when the station connects with it.",
    )
    set_at: Time = Field(description="When the operator or a command set it.")
    weak: bool = Field(
        default=False, description="Whether it has fewer than 16 characters, so that it can be guessed."
    )
    state: SecretState = Field(default="active", description="Whether the station has the secret.")
    command_id: str | None = Field(
        default=None,
        description="The command that sets it at the station; absent if the operator set it here.",
    )

    @classmethod
    def of(cls, secret: str, at: datetime, pepper: Pepper) -> Secret:
        salt, weak = secrets.token_hex(16), len(secret) < MIN_SECRET_LENGTH
        return cls(salt=salt, digest="", set_at=at, weak=weak).hashed(secret.encode(), pepper)

    def hashed(self, password: bytes, pepper: Pepper) -> Secret:
        """The same secret, hashed with this pepper."""
        return self.changed(digest=self._peppered(password, pepper), scheme=pepper.scheme)

    def matches(self, password: bytes, pepper: Pepper) -> bool:
        """In constant time. What was hashed with another pepper matches nothing."""
        if self.scheme is None:
            digest = hashlib.sha256(bytes.fromhex(self.salt) + _key(password)).hexdigest()
        elif self.scheme == pepper.scheme:
            digest = self._peppered(password, pepper)
        else:
            return False
        return hmac.compare_digest(self.digest, digest)

    def is_lost(self, pepper: Pepper) -> bool:
        """It was hashed with another pepper, so nothing can match it any more."""
        return self.scheme not in (None, pepper.scheme)

    def _peppered(self, password: bytes, pepper: Pepper) -> str:
        return pepper.digest("station secret", bytes.fromhex(self.salt) + _key(password))

    def in_state(self, state: SecretState) -> Secret:
        return self.changed(state=state)


class StationSecurity(Document):
    """What a station needs to connect. Without an active secret it may connect without one, unless its
    security profile needs one.
    """

    secrets: tuple[Secret, ...] = Field(
        default=(),
        description="Secrets that the station is admitted with: one, or more while it is changed.",
    )
    security_profile: int | None = Field(
        default=None,
        description="The highest that the station has had (A05), unless the operator lowered it: 1 and above"
        " need a secret, 2 and above TLS.",
    )
    offered_security_profiles: tuple[int, ...] | None = Field(
        default=None,
        description="Higher profiles that the station has accepted, but has not connected with yet.",
    )

    @property
    def needs_secret(self) -> bool:
        return any(each.state == "active" for each in self.secrets)

    @property
    def has_weak_secret(self) -> bool:
        return any(each.weak for each in self.secrets)

    def match(self, password: bytes, pepper: Pepper) -> Secret | None:
        return next((each for each in self.secrets if each.matches(password, pepper)), None)

    def is_only(self, secret: str, pepper: Pepper) -> bool:
        alone = len(self.secrets) == 1 and self.needs_secret
        return alone and self.secrets[0].matches(secret.encode(), pepper)

    def rehashed(self, password: bytes, pepper: Pepper) -> StationSecurity:
        """What this password matches of earlier versions is hashed with the pepper from now on."""

        def rehashed(secret: Secret) -> Secret:
            is_old = secret.scheme is None and secret.matches(password, pepper)
            return secret.hashed(password, pepper) if is_old else secret

        return self._of([rehashed(each) for each in self.secrets])

    def used(self, presented: Secret | None) -> StationSecurity:
        """The station has connected with this secret, or without one: so it has none of the uncertain ones.

        Secrets that wait for a reboot, for the answer to a command or in a network profile stay.
        """
        if presented is None or presented.state == "active":
            left = [each for each in self.secrets if each.state != "uncertain"]
        else:
            left = [presented.in_state("active"), *self._still_ahead_of(presented)]
        return self._of(left)

    def replaced(self, secret: Secret) -> StationSecurity:
        """The operator has set this secret. A pending one stays: its command may still reach the station."""
        return self._of([secret, *(each for each in self.secrets if each.state == "pending")])

    def proposed(self, secret: Secret) -> StationSecurity:
        """A command that sets this secret is about to be sent."""
        if any(each.command_id == secret.command_id for each in self.secrets):
            return self
        active = [each for each in self.secrets if each.state == "active"]
        unused = [each for each in self.secrets if each.state != "active"]
        return self._of([*active, *unused[1 - MAX_UNUSED_SECRETS :], secret.in_state("pending")])

    def accepted(self, command_id: str) -> StationSecurity:
        """The station has the secret of this command instead of earlier ones. If a later one is active, the
        secret is uncertain until the station connects with one of them.
        """
        taken = self._brought_by(command_id)
        if taken is None:
            return self
        if any(each.set_at > taken.set_at and each.state == "active" for each in self.secrets):
            return self._with(taken, "uncertain")
        return self._of([taken.in_state("active"), *self._still_ahead_of(taken)])

    def postponed(self, command_id: str) -> StationSecurity:
        """The station uses the secret of this command from its next reboot."""
        taken = self._brought_by(command_id)
        return self if taken is None else self._with(taken, "awaiting_reboot")

    def put_in_profile(self, command_id: str) -> StationSecurity:
        """The station has, or may have, the secret of this command in a network profile."""
        taken = self._brought_by(command_id)
        return self if taken is None else self._with(taken, "in_network_profile")

    def doubted(self, command_id: str) -> StationSecurity:
        """The command got no answer: the station may have its secret or not."""
        taken = self._brought_by(command_id)
        return self if taken is None or taken.state != "pending" else self._with(taken, "uncertain")

    def refused(self, command_id: str) -> StationSecurity:
        """The station has not taken the secret of this command."""
        taken = self._brought_by(command_id)
        return self._of([each for each in self.secrets if each is not taken])

    def _still_ahead_of(self, taken: Secret) -> list[Secret]:
        """The other secrets that the station may still get after this one."""
        others = [each for each in self.secrets if each is not taken]
        return [
            each
            for each in others
            if each.state in ("pending", "in_network_profile")
            or (each.state == "awaiting_reboot" and each.set_at > taken.set_at)
        ]

    def _brought_by(self, command_id: str) -> Secret | None:
        """The secret of this command; None if the station has connected with it already."""
        brought = (each for each in self.secrets if each.command_id == command_id)
        return next((each for each in brought if each.state != "active"), None)

    def _with(self, secret: Secret, state: SecretState) -> StationSecurity:
        return self._of([each.in_state(state) if each is secret else each for each in self.secrets])

    def _of(self, secrets: list[Secret]) -> StationSecurity:
        return self.changed(secrets=tuple(secrets))

    def secured(self, profile: int) -> StationSecurity:
        """The station has this security profile now. Nothing that a station does lowers it."""
        if profile <= (self.security_profile or 0):
            return self
        ahead = tuple(each for each in self.offered_security_profiles or () if each > profile) or None
        return self.changed(security_profile=profile, offered_security_profiles=ahead)

    def lowered(self, profile: int) -> StationSecurity:
        """The operator lets the station connect with less. A higher profile must be offered to it again."""
        if profile >= (self.security_profile or 0):
            return self
        return self.changed(security_profile=profile or None, offered_security_profiles=None)

    def offered(self, profile: int) -> StationSecurity:
        """The station has accepted this profile for later connections (A05)."""
        known = self.offered_security_profiles or ()
        if profile <= (self.security_profile or 0) or profile in known:
            return self
        return self.changed(offered_security_profiles=tuple(sorted((*known, profile))))

    def reached(self, profile: int) -> StationSecurity:
        """The station has connected with this profile. From now on it needs the highest one up to this that
        it has accepted.
        """
        offered = self.offered_security_profiles or ()
        return self.secured(max((each for each in offered if each <= profile), default=0))


def new_secret() -> str:
    """40 random hexadecimal digits: an AuthorizationKey of 1.6 and a BasicAuthPassword of 2.x."""
    return secrets.token_hex(20)


def _key(secret: bytes) -> bytes:
    """The bytes of a key of 16 to 20 bytes in hexadecimal; any other secret unchanged.

    A station of 1.6 gets its AuthorizationKey as hexadecimal text. In the header it should send the bytes,
    but many send the text. So both count as the same secret, whichever the operator set.
    """
    return bytes.fromhex(secret.decode()) if _HEXADECIMAL_KEY.fullmatch(secret) else secret
