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
    """By the name of the service that presents it. Files that are missing are made where a folder is there,
    or can be made. Raises ``BadSetting``.
    """
    if settings.service_keys is None:
        return {}
    return {name: key for name in SERVICES if (key := _key(settings.service_keys / name))}


def bearer(service: str, settings: Settings) -> dict[str, str]:
    """The headers with which a service asks others. Raises ``BadSetting``."""
    if settings.service_keys is not None:
        key = _key(settings.service_keys / service)
        if key is None:
            raise BadSetting(f"CSMS_SERVICE_KEYS: there is no folder {settings.service_keys / service}")
        return {"Authorization": f"Bearer {key}"}
    token = settings.api_token
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def _key(folder: Path) -> str | None:
    with suppress(OSError):  # on a read-only file system there are those folders that are mounted
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        return None
    try:
        key = secret_in(folder / "key")
    except OSError as error:
        raise BadSetting(f"CSMS_SERVICE_KEYS: {error}") from None
    if len(key) < MIN_LENGTH:
        raise BadSetting(f"CSMS_SERVICE_KEYS: the key in {folder} has less than {MIN_LENGTH} characters")
    return key
