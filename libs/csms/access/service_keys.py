"""The keys with which the services of one CSMS ask each other: each in a file of its own, in a folder that
only those mount who present or accept it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..settings import BadSetting, Settings, secret_in
from .callers import SERVICES

MIN_LENGTH = 32
"""Characters."""


def accepted_keys(settings: Settings) -> dict[str, str]:
    """By the name of the service that presents it, of those whose folder is there. Files that are missing are
    made. On a read-only file system these are the folders that are mounted.
    """
    keys = {}
    if settings.service_keys is not None:
        for service in SERVICES:
            with suppress(OSError):
                keys[service] = _key(settings.service_keys / service)
    return keys


def bearer(service: str, settings: Settings) -> dict[str, str]:
    """The headers with which a service asks others. Raises ``BadSetting``."""
    if settings.service_keys is not None:
        try:
            return {"Authorization": f"Bearer {_key(settings.service_keys / service)}"}
        except OSError as error:
            raise BadSetting(f"CSMS_SERVICE_KEYS: {error}") from None
    token = settings.api_token
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def _key(folder: Path) -> str:
    """Raises ``OSError`` and ``BadSetting``."""
    folder.mkdir(parents=True, exist_ok=True)
    key = secret_in(folder / "key")
    if len(key) < MIN_LENGTH:
        raise BadSetting(f"CSMS_SERVICE_KEYS: the key in {folder} has less than {MIN_LENGTH} characters")
    return key
