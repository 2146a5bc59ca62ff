"""What the answers of stations, their reports and their transactions say of the profiles that they have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from libs.csms.clock import parse_time, rfc3339
from libs.csms.messaging.router import Call
from libs.csms.station_messages.log import report_key
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.event import CommandEnded
from libs.ocpp_messages.version import Version

from ..model import Transaction, token_key
from ..report import document_id
from ..service import Ledger
from .composite_schedule import CompositeSchedule
from .dynamic_schedule import DynamicSchedule, schedule_key
from .profile import CLOCK_ERROR, ChargingProfile
from .removal import ReportRequest, cleared, replaced_by
from .rules import place_name, profile_name

FORGOTTEN = timedelta(hours=1)
"""A remote start that has begun no transaction by then never will."""

RECENT = 100
"""Transactions of a station, among which the newest one of each connector is."""

Ended = Call[CommandEnded]


async def profile_set(call: Ended, ledger: Ledger) -> None:
    """SetChargingProfile. What it proposed is decided, after what it did is known."""
    asked = call.request.payload
    if call.request.station_status == "Accepted":
        profile = asked[profile_name(call.version)]
        where = asked[place_name(call.version)]
        accepted = ChargingProfile.accepted(call.station_id, where, profile, _at(call))
        await _accepted(call, ledger, await _of_its_transaction(call, ledger, accepted))
    if call.version is not Version.V16:
        await ledger.profiles.decided(call.station_id, call.request.id)


async def _of_its_transaction(call: Ended, ledger: Ledger, profile: ChargingProfile) -> ChargingProfile:
    """A TxProfile of 1.6 that names no transaction is for the one on its connector (1.6 §3.13.1)."""
    if call.version is not Version.V16 or profile.purpose != "TxProfile" or profile.transaction_id:
        return profile
    newest = Query({"stationId": call.station_id}, "startedAt", True, page_size=RECENT)
    for transaction in (await ledger.transactions.find(newest)).items:
        if transaction.connector_id == profile.evse_id:
            over = None if transaction.active else transaction.ended_at
            is_its = over is None or over >= profile.known_at - CLOCK_ERROR
            return profile.tied(transaction) if is_its else profile
    return profile


async def start_answered(call: Ended, ledger: Ledger) -> None:
    """RemoteStartTransaction and RequestStartTransaction: the profile is for a transaction to come (K05)."""
    asked, where = call.request.payload, call.request.payload.get(place_name(call.version), 0)
    if call.request.station_status != "Accepted" or "chargingProfile" not in asked:
        return
    profile = ChargingProfile.accepted(call.station_id, where, asked["chargingProfile"], _at(call))
    begun = call.request.response.get("transactionId")
    link = {
        "transaction_id": begun,
        "awaits": begun is None,
        "remote_start_id": asked.get("remoteStartId"),
        "id_token_key": token_key(asked["idTag"]) if "idTag" in asked else None,
    }
    await _accepted(call, ledger, profile.model_copy(update=link))


async def profile_cleared(call: Ended, ledger: Ledger) -> None:
    removal = cleared(
        call.version, call.station_id, call.request.payload, call.request.station_status, _at(call)
    )
    if removal is not None:
        await ledger.profiles.remove(call.request.id, removal)
    if call.version is not Version.V16:
        await ledger.profiles.decided(call.station_id, call.request.id)


async def profiles_asked(call: Ended, ledger: Ledger) -> None:
    """GetChargingProfiles: NoProfiles is a report that holds nothing."""
    asked, status = call.request.payload, call.request.station_status
    request = ReportRequest.of(call.request.id, call.station_id, asked, _at(call))
    if request is None:
        return
    if status == "NoProfiles":
        await ledger.profiles.remove(request.id, request.without([]))
    elif status == "Accepted":
        await ledger.profiles.report_requests.put(_report_id(call.station_id, asked["requestId"]), request)
        await report_received(ledger, call.station_id, asked["requestId"])


async def schedule_updated(call: Ended, ledger: Ledger) -> None:
    """UpdateDynamicSchedule, maybe before what set the profile (K28)."""
    asked = call.request.payload
    if call.request.station_status == "Accepted":
        update = DynamicSchedule.updated(asked["scheduleUpdate"], call.request.id, _at(call))
        key = schedule_key(call.station_id, asked["chargingProfileId"])
        await ledger.profiles.dynamic_schedules.update(key, update.joined)


async def schedule_calculated(call: Ended, ledger: Ledger) -> None:
    composite = CompositeSchedule.told(call.station_id, call.request.payload, _response(call), _at(call))
    if composite is not None:
        await ledger.profiles.composite_schedules.update(composite.key, composite.unless_newer)


async def report_received(ledger: Ledger, station_id: str, request_id: int) -> None:
    """Whatever a complete report of everything does not hold is gone. Called after each of its parts, and
    after the answer that announces it.
    """
    id = _report_id(station_id, request_id)
    request, report = await ledger.profiles.report_requests.get(id), await ledger.message_log.reports.get(id)
    if request is None or report is None or report.started_at < request.at:
        return
    if report.shown(ledger.clock()).status == "complete":
        reported = [one.id async for one in ledger.profiles.present(station_id, requestId=request_id)]
        await ledger.profiles.remove(request.id, request.without(sorted(set(reported))))


async def known(ledger: Ledger, profile: ChargingProfile) -> None:
    """A TxProfile is over with its transaction, and one of a remote start belongs to what it started."""
    profile = await ledger.profiles.add(profile)
    if not profile.present:
        return
    if profile.awaits:
        since = rfc3339(profile.known_at - CLOCK_ERROR)
        begun = Query({"stationId": profile.station_id}, order_by="startedAt", from_=since)
        async for transaction in every(ledger.transactions, begun):
            if profile.is_for(transaction):
                return await _tie(ledger, profile, transaction)
    elif profile.transaction_id is not None:
        id = document_id(profile.station_id, profile.transaction_id)
        found = await ledger.transactions.get(id)
        if found is not None and not found.active:
            await ledger.profiles.drop(profile, profile.known_at)


async def transaction_began(ledger: Ledger, transaction: Transaction, at: datetime) -> None:
    async for profile in ledger.profiles.present(transaction.station_id, awaits=True):
        if profile.is_for(transaction):
            await _tie(ledger, profile, transaction)
        elif profile.known_at + FORGOTTEN < at:
            await ledger.profiles.drop(profile, at)


async def transaction_ended(ledger: Ledger, station_id: str, transaction_id: str, at: datetime) -> None:
    async for profile in ledger.profiles.present(station_id, transactionId=transaction_id):
        await ledger.profiles.drop(profile, at)


async def _tie(ledger: Ledger, profile: ChargingProfile, transaction: Transaction) -> None:
    tied = profile.tied(transaction)
    await ledger.profiles.profiles.update(
        tied.key, lambda now: now.tied(transaction) if now and now.is_for(transaction) else tied.joined(now)
    )
    if tied.key != profile.key:
        await ledger.profiles.drop(profile, profile.known_at)
    if not transaction.active:
        await ledger.profiles.drop(tied, tied.known_at)


async def _accepted(call: Ended, ledger: Ledger, profile: ChargingProfile) -> None:
    await known(ledger, profile)
    for number, removal in enumerate(replaced_by(profile, call.version)):
        await ledger.profiles.remove(f"{call.request.id}.{number}", removal)


def _response(call: Ended) -> dict[str, Any]:
    return call.request.response if isinstance(call.request.response, dict) else {}


def _at(call: Ended) -> datetime:
    return parse_time(call.request.answered_at) if call.request.answered_at else call.received_at


def _report_id(station_id: str, request_id: int) -> str:
    return report_key(station_id, "ReportChargingProfiles", request_id)
