"""Whether a command about charging profiles may be sent to a station. Raises ``DomainError`` if not."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec

from libs.csms.clients.profile_check import ProfileCommand, concerns_profiles
from libs.csms.clock import rfc3339
from libs.csms.errors import DomainError, Invalid
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.version import Version

from ..model import Transaction
from ..report import document_id
from ..service import Ledger
from .profile import CLOCK_ERROR
from .proposals import Proposal, Proposals, in_the_way
from .rules import Json, Violation, place_name, profile_name, violations, wrong_transaction
from .slot import Slot, collision

PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds to wait for news of commands that have no end yet."""


async def check(ledger: Ledger, station_id: str, command: ProfileCommand) -> None:
    """Of a SetChargingProfile for 2.x it keeps in mind for three minutes, or until the command has ended,
    what it has let pass.
    """
    version, payload = command.ocpp_version, command.payload
    _refuse(_checked(command))
    if command.action == "ClearChargingProfile" and version is not Version.V16:
        await _note_clearing(ledger, station_id, command.command_id)
    if command.action != "SetChargingProfile":
        return
    slot = Slot.of(payload[place_name(version)], payload[profile_name(version)])
    if slot.purpose == "TxProfile" and slot.transaction_id is not None:
        _refuse(await _about_transaction(ledger, station_id, version, slot, payload))
    if version is not Version.V16:
        await _propose_in_time(ledger, station_id, Proposal.to_send(slot, command.command_id, ledger.clock()))


def _checked(command: ProfileCommand) -> list[Violation]:
    action = ACTIONS[command.ocpp_version].get(command.action)
    if action is None or not action.to_station or not concerns_profiles(action.name, command.payload):
        raise Invalid(f"body.action: {command.action[:50]} is no command about charging profiles")
    try:
        action.request_validator.check(command.payload)
    except CallError as violation:
        raise Invalid(violation.description, code=violation.code.value) from violation
    return violations(command.ocpp_version, command.action, command.payload)


def _refuse(found: list[Violation]) -> None:
    if found:
        errors = [{"at": one.place, "detail": one.reason} for one in found]
        raise Invalid("; ".join(f"{one.place}: {one.reason}" for one in found), errors=errors)


async def _about_transaction(
    ledger: Ledger, station_id: str, version: Version, slot: Slot, payload: Json
) -> list[Violation]:
    """A transaction that the CSMS does not know is for the station to reject."""
    name = profile_name(version)
    transaction = await ledger.transactions.get(document_id(station_id, slot.transaction_id or ""))
    if transaction is None:
        return []
    if why := wrong_transaction(version, slot.evse_id, transaction):
        return [Violation(f"{name}.transactionId", why)]
    many = version is not Version.V16 and len(payload[name]["chargingSchedule"]) > 1
    if many and not await _told_its_needs(ledger, transaction, slot.evse_id):
        return [Violation(f"{name}.chargingSchedule", "is one, but for ISO 15118 (K01.FR.34)")]
    return []


async def _told_its_needs(ledger: Ledger, transaction: Transaction, evse_id: int) -> bool:
    """Whether a vehicle in this transaction speaks ISO 15118."""
    needs = Query(
        {"stationId": transaction.station_id, "action": "NotifyEVChargingNeeds"},
        order_by="receivedAt",
        descending=True,
        from_=rfc3339(transaction.started_at - CLOCK_ERROR),
    )
    async for notice in every(ledger.message_log.messages, needs):
        if msgspec.json.decode(notice.payload).get("evseId") == evse_id:
            return True
    return False


async def _propose_in_time(ledger: Ledger, station_id: str, proposal: Proposal) -> None:
    """What is in the way may be gone already, and the news of that be on its way here."""
    for pause in PAUSES:
        try:
            return await _propose(ledger, station_id, proposal)
        except DomainError:
            known = await ledger.profiles.proposals.get(station_id)
            if known is None or not known.is_open(ledger.clock()):
                raise
            await asyncio.sleep(pause)
    await _propose(ledger, station_id, proposal)


async def _propose(ledger: Ledger, station_id: str, proposal: Proposal) -> None:
    """Noted before the book is read, which may meanwhile hold what had been proposed before."""
    now = ledger.clock()
    await ledger.profiles.proposals.update(
        station_id, lambda known: (known or Proposals()).proposed(proposal, now)
    )
    try:
        await _compare(ledger, station_id, proposal, now)
    except DomainError:
        await ledger.profiles.decided(station_id, proposal.command_id)
        raise


async def _note_clearing(ledger: Ledger, station_id: str, command_id: str) -> None:
    now = ledger.clock()
    await ledger.profiles.proposals.update(
        station_id, lambda known: (known or Proposals()).clears(command_id, now)
    )


async def _compare(ledger: Ledger, station_id: str, proposal: Proposal, now: datetime) -> None:
    async for profile in ledger.profiles.present(station_id):
        if why := collision(proposal, profile.slot, now):
            raise in_the_way(profile.slot, why, "the charging station has")
