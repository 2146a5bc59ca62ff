"""What a station presents to be admitted, and how it is refused."""

from __future__ import annotations

import base64
from datetime import datetime

from libs.csms.clients.admission import NotAdmitted
from libs.csms.pepper import Pepper
from services.device.registry.model import Station
from services.device.security.model import Secret, StationSecurity
from services.device.service import Device

from ..rest import SETTINGS
from .station import NOW

SECRET = "correct:horse-battery.staple"
PEPPER = Pepper.of(SETTINGS)
KEY = "00112233445566778899AABBCCDDEEFF0123abCD"
KEY_BYTES = bytes.fromhex(KEY)


def basic(username: str, password: str | bytes) -> str:
    password = password.encode() if isinstance(password, str) else password
    return "Basic " + base64.b64encode(username.encode() + b":" + password).decode()


def holding(secret: str, at: datetime) -> StationSecurity:
    """The security of a station that has this secret since then."""
    return StationSecurity(secrets=(Secret.of(secret, at, PEPPER),))


async def with_secret(device: Device, secret: str, id: str = "CS1") -> None:
    await device.registry.stations.update(id, lambda _: Station(id=id))
    await device.security.stations.update(id, lambda _: holding(secret, NOW))


async def refusal(device: Device, authorization: str, id: str = "CS1", *, tls: bool = False) -> int | None:
    try:
        await device.security.admit(id, authorization, tls)
    except NotAdmitted as error:
        return error.status
    return None
