"""Transaction ids of OCPP 1.6, where the CSMS makes them: positive, of 31 bits, unique over all stations."""

from __future__ import annotations

from hashlib import blake2b
from itertools import count

import msgspec

from libs.csms.storage.store import Collection, Document


class Claim(Document):
    """Whose id it is: the digest of the start that it was given to."""

    start: str
    station_id: str


async def transaction_id(claims: Collection[Claim], station_id: str, *start: str | int) -> int:
    """The id of a start, told from others of its station by ``start``. A repeated start has the id it had."""
    claim = Claim(start=digest(station_id, *start), station_id=station_id)
    for attempt in count():
        candidate = int(digest(claim.start, attempt)[:8], 16) & 0x7FFFFFFF
        if candidate and await claims.update(str(candidate), lambda held: held or claim) == claim:
            return candidate
    raise AssertionError("there is always another attempt")


def digest(*parts: str | int) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()
