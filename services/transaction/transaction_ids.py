"""Transaction ids of OCPP 1.6, where the CSMS makes them: positive, of 31 bits, unique over all stations."""

from __future__ import annotations

from hashlib import blake2b
from itertools import count

import msgspec
from pydantic import Field

from libs.csms.storage.store import Collection, Document


class TransactionIdReservation(Document):
    """Which start a transaction id was given to. The id is that of this document."""

    start: str = Field(description="The digest of the start.")
    station_id: str = Field(description="The station that sent the start.")


async def reserve_transaction_id(
    reservations: Collection[TransactionIdReservation], station_id: str, *start: str | int
) -> int:
    """``start`` tells a start from the others of its station. The same start always has the same id."""
    reservation = TransactionIdReservation(start=digest(station_id, *start), station_id=station_id)
    for attempt in count():
        candidate = int(digest(reservation.start, attempt)[:8], 16) & 0x7FFFFFFF
        if (
            candidate
            and await reservations.update(str(candidate), lambda taken: taken or reservation) == reservation
        ):
            return candidate
    raise AssertionError("there is always another attempt")


def digest(*parts: str | int) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()
