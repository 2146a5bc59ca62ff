"""Passwords of people: which are taken, and their Argon2id hashes. They are made in threads, so many at once
that neither memory nor the processor is exhausted.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from libs.csms.errors import Invalid, Unavailable

MIN_CHARACTERS = 12
MAX_BYTES = 1024
MIN_DIFFERENT_CHARACTERS = 4

MAX_HASHES_AT_ONCE = 4
"""Each takes 64 MiB."""

MAX_HASHES = 36
"""Those at work and those that wait for it."""

COMMON = frozenset(
    """
    123456123456 1234567812345678 1234567890123 12345678901234567890 1234567890qwerty 123123123123
    123qweasdzxc
    1q2w3e4r5t6y 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv abcd12345678 abcdefghijkl abcdefghijklmnop
    adminadminadmin administrator administrator1 changemechangeme changemeplease chargingstation
    correcthorsebatterystaple iloveyouiloveyou iloveyou1234 letmeinletmein letmein12345 monkeymonkey
    password1234 password12345 password123456 passwordpassword passw0rd1234 p@ssw0rd1234 p@ssword1234
    qazwsxedcrfv qwerty123456 qwerty12345678 qwertyqwerty qwertyuiop12 qwertyuiop123 qwertyuiopasdfgh
    secretsecret thisisapassword trustno1trustno1 welcome12345 welcome123456 zaq12wsxcde3 zxcvbnm12345
    """.split()
)
"""Of at least the length that is needed: what guesses begin with."""

Result = TypeVar("Result")


class BadPassword(Invalid):
    """A new password is one that is easy to guess, or too long."""


class TooManySignIns(Unavailable):
    """So many passwords are being checked that one more would only wait."""

    def __init__(self) -> None:
        super().__init__("too many people sign in just now; try again in a second", retry_after=1)


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """``hasher`` has the parameters; RFC 9106's for little memory by default."""
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._threads = ThreadPoolExecutor(MAX_HASHES_AT_ONCE, thread_name_prefix="password")
        self._in_work = 0
        self._of_nobody = self._hash_of_nothing()

    async def hash(self, password: str) -> str:
        """Raises ``TooManySignIns``."""
        return await self._in_thread(lambda: self._hasher.hash(_normalized(password)))

    async def verify(self, hash: str | None, password: str) -> bool:
        """In the same time if there is no hash, as of nobody. Raises ``TooManySignIns``."""
        is_right = await self._in_thread(lambda: self._matches(hash or self._of_nobody, password))
        return is_right and hash is not None

    def is_outdated(self, hash: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(hash)

    def _matches(self, hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(hash, _normalized(password))
        except VerifyMismatchError:
            return False

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """A caller who goes away takes only what has not begun with him."""
        if self._in_work >= MAX_HASHES:
            raise TooManySignIns
        self._in_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._in_work -= 1

    def _hash_of_nothing(self) -> str:
        """Which takes the same time to verify as any other, and is that of no password."""
        salt, hash = (_base64(secrets.token_bytes(n)) for n in (self._hasher.salt_len, self._hasher.hash_len))
        cost = f"m={self._hasher.memory_cost},t={self._hasher.time_cost},p={self._hasher.parallelism}"
        return f"$argon2id$v=19${cost}${salt}${hash}"


def check_password(password: str, *own_names: str) -> None:
    """Raises ``BadPassword``. Long ones are good, whatever they consist of (NIST SP 800-63B)."""
    text = _normalized(password)
    if len(text) < MIN_CHARACTERS:
        raise BadPassword(f"a password has at least {MIN_CHARACTERS} characters")
    if len(text.encode()) > MAX_BYTES:
        raise BadPassword(f"a password has at most {MAX_BYTES} bytes")
    plain = text.casefold()
    if plain in {part.casefold() for name in own_names for part in (name, name.partition("@")[0])}:
        raise BadPassword("a password is not the name of its user")
    if plain in COMMON or len(set(plain)) < MIN_DIFFERENT_CHARACTERS:
        raise BadPassword("this password is one of the first that are guessed")


def _normalized(password: str) -> str:
    """The same text is the same password, on whichever keyboard it was typed."""
    return unicodedata.normalize("NFKC", password)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
