"""TransactionResumed: the station gets the charging profiles of the transaction again (E17.FR.15)."""

from __future__ import annotations

import logging

from libs.csms.errors import DomainError, NoAnswer, TooMany, Unavailable
from libs.csms.messaging.router import Call
from libs.csms.storage.queries import composite_id
from libs.ocpp_messages.event import TRANSACTION_RESUMED, TransactionResumed

from ..model import ChargingProfile
from ..service import SmartCharging, router

log = logging.getLogger(__name__)

COMPONENT, VARIABLE, INSTANCE = "SmartChargingCtrlr", "ChargingProfilePersistence", "TxProfile"

SEND_TTL = 600
"""Seconds that a profile may wait for a station that is away again."""


@router.on(TRANSACTION_RESUMED)
async def transaction_resumed(call: Call[TransactionResumed], smart_charging: SmartCharging) -> None:
    """Each profile once for each ``seq_no``. Raises where it has to be tried later."""
    station_id, transaction_id = call.station_id, call.request.transaction_id
    transaction = await smart_charging.transaction(station_id, transaction_id)
    if transaction is not None and transaction.ended_at is not None:
        return
    now = smart_charging.clock()
    of_transaction = smart_charging.profiles.present(
        station_id, transactionId=transaction_id, purpose="TxProfile"
    )
    profiles = [one async for one in of_transaction if one.source == "CSO" and one.ends_after(now)]
    if not profiles or await _are_persistent(smart_charging, station_id):
        return
    for profile in sorted(profiles, key=lambda one: (one.stack_level, one.id)):
        await _send(smart_charging, profile, call.request)


async def _are_persistent(smart_charging: SmartCharging, station_id: str) -> bool:
    """Whether the station has reported that its TxProfiles survive an interruption."""
    for one in await smart_charging.variables(station_id, COMPONENT):
        if (one["variable"]["name"], one["variable"].get("instance")) == (VARIABLE, INSTANCE):
            values = [it.get("value") for it in one["attributes"] if it.get("type", "Actual") == "Actual"]
            return any(str(value).casefold() == "true" for value in values)
    return False


async def _send(smart_charging: SmartCharging, profile: ChargingProfile, resumed: TransactionResumed) -> None:
    """A profile that came in a remote start named no transaction."""
    newest = await smart_charging.profiles.newest(profile) | {"transactionId": resumed.transaction_id}
    key = composite_id("TxResumed", resumed.transaction_id, resumed.seq_no, profile.id)
    payload = {"evseId": profile.evse_id, "chargingProfile": newest}
    try:
        await smart_charging.send_command(profile.station_id, "SetChargingProfile", payload, key, SEND_TTL)
    except (NoAnswer, TooMany, Unavailable):
        raise
    except DomainError as refusal:
        log.warning(
            "station %s: charging profile %d is not sent again: %s",
            profile.station_id,
            profile.id,
            refusal.detail,
        )
