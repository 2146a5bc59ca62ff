"""After an interruption, a station gets the charging profiles of a resumed transaction again (E17.FR.15)."""

from __future__ import annotations

import logging
from datetime import datetime

from libs.csms.clients.stations import DeviceClient
from libs.csms.storage.store import Json

from ..model import Transaction
from ..transaction_ids import digest
from .book import ProfileBook
from .profile import ChargingProfile

log = logging.getLogger(__name__)

COMPONENT, VARIABLE, INSTANCE = "SmartChargingCtrlr", "ChargingProfilePersistence", "TxProfile"

PATIENCE = 600
"""Seconds that a profile may wait for a station that is away again."""


async def send_again(
    book: ProfileBook, stations: DeviceClient, transaction: Transaction, seq_no: int, now: datetime
) -> None:
    """Once for each ``seq_no``. Raises ``httpx.HTTPError`` when it has to be tried later."""
    profiles = [
        one
        async for one in book.present(
            transaction.station_id, transactionId=transaction.transaction_id, purpose="TxProfile"
        )
        if one.source == "CSO" and one.slot.ends_after(now)
    ]
    if not profiles or await _are_kept(stations, transaction.station_id):
        return
    for profile in sorted(profiles, key=lambda one: (one.stack_level, one.id)):
        await _send(stations, profile, await book.newest(profile), transaction.transaction_id, seq_no)


async def _are_kept(stations: DeviceClient, station_id: str) -> bool:
    """Whether the station has said that its TxProfiles survive."""
    for one in await stations.variables(station_id, COMPONENT):
        if (one["variable"]["name"], one["variable"].get("instance")) == (VARIABLE, INSTANCE):
            values = [it.get("value") for it in one["attributes"] if it.get("type", "Actual") == "Actual"]
            return any(str(value).casefold() == "true" for value in values)
    return False


async def _send(
    stations: DeviceClient, profile: ChargingProfile, newest: Json, transaction_id: str, seq_no: int
) -> None:
    """One that was part of a remote start named no transaction yet."""
    told = newest | {"transactionId": transaction_id}
    answer = await stations.command(
        profile.station_id,
        "SetChargingProfile",
        {"evseId": profile.evse_id, "chargingProfile": told},
        key=digest("TxResumed", transaction_id, seq_no, profile.id),
        ttl=PATIENCE,
    )
    if answer.status_code == 429 or answer.is_server_error:
        answer.raise_for_status()
    if answer.is_client_error:
        log.warning("charging profile %d is not sent again: %s", profile.id, answer.text[:500])
