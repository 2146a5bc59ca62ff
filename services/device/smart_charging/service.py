"""What the handlers are given: the check of what is to be sent, and what becomes of what stations tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import msgspec

from libs.csms.clock import Clock, rfc3339
from libs.csms.messaging.router import Call, Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Json, Query, Store
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.version import Version

from .model import MILLISECOND, TRANSACTION_TIMEOUT, ChargingProfile, ProfileKey, profile_key
from .negotiation import Policy
from .negotiations import Negotiations, ReportedVariables, SendCommand, SentCommands
from .offered import possible_offers
from .pending import ConflictingProfile, PendingProfile, PendingProfiles
from .registry import ProfileRegistry
from .removal import Removal, replaced_by, report_id
from .rules import (
    ForbiddenProfile,
    Violation,
    concerns_profiles,
    place_name,
    profile_name,
    violations,
    wrong_transaction,
)
from .transactions import CLOCK_ERROR, ChargingTransaction, document_id
from .transactions import INDEXES as TRANSACTION_INDEXES

RETRY_DELAYS = (0.05, 0.1, 0.2, 0.4)
"""Seconds to wait for commands that are about to end, and may take what is in the way with them."""

TRANSACTION_RETENTION = timedelta(days=30)
"""From when the CSMS learned of a transaction: no vehicle charges for so long. Profiles for an older one are
for the station to reject.
"""

REMOVAL_RETENTION = timedelta(days=7)
"""Pub/Sub delivers nothing that is older, so nothing comes that was sent before it."""

AppendMessage = Callable[[Call[Any]], Awaitable[bool]]
"""Keeps a message of a station in the message log, and marks the station as seen."""

router: Router[SmartCharging] = Router("device")


@dataclass(frozen=True)
class SmartCharging:
    profiles: ProfileRegistry
    transactions: Collection[ChargingTransaction]
    message_log: MessageLog
    clock: Clock
    append_message: AppendMessage
    variables: ReportedVariables
    send_command: SendCommand
    sent_command: SentCommands
    negotiations: Negotiations

    @classmethod
    def of(
        cls,
        store: Store,
        message_log: MessageLog,
        clock: Clock,
        *,
        append_message: AppendMessage,
        variables: ReportedVariables,
        send_command: SendCommand,
        sent_command: SentCommands,
        ev_policy: Policy,
    ) -> Self:
        """``ev_policy`` is for stations that have none of their own."""
        profiles = ProfileRegistry.of(store)
        transactions = store.collection("chargingTransactions", ChargingTransaction, TRANSACTION_INDEXES)
        return cls(
            profiles=profiles,
            transactions=transactions,
            message_log=message_log,
            clock=clock,
            append_message=append_message,
            variables=variables,
            send_command=send_command,
            sent_command=sent_command,
            negotiations=Negotiations.of(
                store, profiles, transactions, clock, variables, send_command, sent_command, ev_policy
            ),
        )

    async def check(self, station_id: str, command_id: str, action: Action[Any, Any], payload: Json) -> None:
        """Whether a command, right by its schema, may be sent: of others than those about profiles each may.

        Raises ``ForbiddenProfile`` where a rule of OCPP forbids it, ``ConflictingProfile`` where another
        profile excludes it. What may be sent excludes others until the command ends, for three minutes at
        most. Asking again changes nothing.
        """
        name, version = action.name, action.version
        if not concerns_profiles(name, payload):
            return
        _refuse(violations(version, name, payload))
        if name == "SetChargingProfile":
            key = profile_key(payload[place_name(version)], payload[profile_name(version)])
            await self._check_transaction(station_id, version, key, payload)
            if version is not Version.V16:
                pending = PendingProfile.sent_by(command_id, key, self.clock())
                await self._add_pending_in_time(station_id, pending)
        elif name == "ClearChargingProfile" and version is not Version.V16:
            now = self.clock()
            await self.profiles.pending.update(
                station_id, lambda known: (known or PendingProfiles()).clearing_by(command_id, now)
            )

    async def accept(self, profile: ChargingProfile, command_id: str, version: Version) -> None:
        """A station has accepted a profile, in place of what it had there."""
        await self.add(profile)
        for removal in replaced_by(profile, command_id, version):
            await self.profiles.remove(removal)

    async def add(self, profile: ChargingProfile) -> None:
        """A station has a profile. A TxProfile belongs to its transaction, and is over with it."""
        profile = await self.profiles.add(profile)
        if not profile.present:
            return
        if not profile.awaiting_transaction:
            return await self._remove_if_ended(profile)
        for transaction in await self._candidates(profile):
            if profile.is_for(transaction):
                return await self._bind(profile, transaction)

    async def offered(self, station_id: str, evse_id: int, begin: datetime) -> list[ChargingProfile | None]:
        """Each TxProfile that may rule at the time ``begin``; None for no profile.

        The commands are read before the registry, which holds what is pending no more.
        """
        pending = await self.profiles.pending.get(station_id) or PendingProfiles()
        ids = [one.command_id for one in pending.profiles if _is_of_transaction(one, evse_id)]
        sent = [command for id in ids if (command := await self.sent_command(id)) is not None]
        of_evse = self.profiles.present(
            station_id, evseId=evse_id, purpose="TxProfile", awaitingTransaction=False
        )
        installed = [one async for one in of_evse]
        return possible_offers(installed, sent, station_id, begin, self.clock())

    async def transaction(self, station_id: str, transaction_id: str) -> ChargingTransaction | None:
        return await self.transactions.get(document_id(station_id, transaction_id))

    async def transaction_started(self, transaction: ChargingTransaction, at: datetime) -> None:
        """The profile of its remote start, if any, belongs to it from now on (K05)."""
        known = await self.transactions.update(transaction.document_id, transaction.merge)
        async for profile in self.profiles.present(known.station_id, awaitingTransaction=True):
            if profile.is_for(known):
                await self._bind(profile, known)
            elif profile.known_at + TRANSACTION_TIMEOUT < at:
                await self.profiles.remove_one(profile, at)
        await self._delete_older(known.station_id)

    async def transaction_ended(self, transaction: ChargingTransaction) -> None:
        """Its profiles end with it (K02.FR.05, 1.6 §3.13.1)."""
        known = await self.transactions.update(transaction.document_id, transaction.merge)
        async for profile in self.profiles.present(known.station_id, transactionId=known.transaction_id):
            await self._remove_ended(profile, known)

    async def station_deleted(self, station_id: str, at: datetime) -> None:
        """Whoever comes later under its id has none of its profiles and transactions."""
        await self.profiles.remove_station(station_id, at)
        await self._delete_transactions(station_id, at)
        await self.negotiations.forget(station_id, at)

    async def report_requested(self, unreported: Removal) -> None:
        """A report of all profiles follows: ``unreported`` takes away what it does not hold."""
        station_id, request_id = unreported.station_id, unreported.request_id or 0
        await self.profiles.unreported.put(report_id(station_id, request_id), unreported)
        await self.report_received(station_id, request_id)

    async def report_received(self, station_id: str, request_id: int) -> None:
        """Called after each part of a report, and after the answer that announces it."""
        id = report_id(station_id, request_id)
        unreported = await self.profiles.unreported.get(id)
        report = await self.message_log.reports.get(id)
        if unreported is None or report is None or report.started_at < unreported.at:
            return
        if report.shown(self.clock()).status == "complete":
            reported = await self._reported_since(unreported.at, station_id, request_id)
            await self.profiles.remove(unreported.changed(except_ids=sorted(reported)))

    async def _reported_since(self, moment: datetime, station_id: str, request_id: int) -> set[int]:
        """By the messages, as the registry may not have the profiles of the last one yet."""
        parts = Query(
            {"stationId": station_id, "action": "ReportChargingProfiles", "requestId": request_id},
            order_by="receivedAt",
            from_=rfc3339(moment),
        )
        reported: set[int] = set()
        async for message in every(self.message_log.messages, parts):
            payload = msgspec.json.decode(message.payload)
            reported.update(profile["id"] for profile in payload["chargingProfile"])
        return reported

    async def _check_transaction(
        self, station_id: str, version: Version, key: ProfileKey, payload: Json
    ) -> None:
        """A transaction that the CSMS does not know is for the station to reject."""
        if key.purpose != "TxProfile" or key.transaction_id is None:
            return
        transaction = await self.transaction(station_id, key.transaction_id)
        if transaction is None:
            return
        name = profile_name(version)
        if why := wrong_transaction(version, key.evse_id, transaction):
            _refuse([Violation(f"{name}.transactionId", why)])
        is_one = version is Version.V16 or len(payload[name]["chargingSchedule"]) == 1
        if not is_one and not await self._speaks_iso15118(transaction, key.evse_id):
            _refuse([Violation(f"{name}.chargingSchedule", "is one, but for ISO 15118 (K01.FR.34)")])

    async def _speaks_iso15118(self, transaction: ChargingTransaction, evse_id: int) -> bool:
        """Whether the vehicle in this transaction has reported its charging needs."""
        needs = Query(
            {"stationId": transaction.station_id, "action": "NotifyEVChargingNeeds"},
            order_by="receivedAt",
            descending=True,
            from_=rfc3339(transaction.started_at - CLOCK_ERROR),
        )
        async for message in every(self.message_log.messages, needs):
            if msgspec.json.decode(message.payload).get("evseId") == evse_id:
                return True
        return False

    async def _add_pending_in_time(self, station_id: str, pending: PendingProfile) -> None:
        """What is in the way may be gone already, while the end of the command that took it is on its way."""
        for delay in RETRY_DELAYS:
            try:
                return await self._add_pending(station_id, pending)
            except ConflictingProfile:
                known = await self.profiles.pending.get(station_id)
                if known is None or not known.is_open(self.clock()):
                    raise
                await asyncio.sleep(delay)
        await self._add_pending(station_id, pending)

    async def _add_pending(self, station_id: str, pending: PendingProfile) -> None:
        """Written before the registry is read, which may meanwhile hold what was pending before."""
        now = self.clock()
        await self.profiles.pending.update(
            station_id, lambda known: (known or PendingProfiles()).adding(pending, now)
        )
        async for profile in self.profiles.present(station_id):
            if why := pending.excluded_by(profile, now):
                await self.profiles.command_ended(station_id, pending.command_id)
                raise ConflictingProfile(profile, "the charging station has", why)

    async def _candidates(self, profile: ChargingProfile) -> Sequence[ChargingTransaction]:
        """The transactions that began after a remote start; or the newest one on the connector."""
        place, since = {"stationId": profile.station_id}, rfc3339(profile.known_at - CLOCK_ERROR)
        begun = Query(place, order_by="startedAt", from_=since)
        if profile.remote_start_id is None and profile.id_token_key is None:
            connector = place | {"connectorId": profile.evse_id}
            begun = Query(connector, order_by="startedAt", descending=True, page_size=1)
        return (await self.transactions.find(begun)).items

    async def _bind(self, profile: ChargingProfile, transaction: ChargingTransaction) -> None:
        bound = profile.bind_to(transaction)

        def changed(known: ChargingProfile | None) -> ChargingProfile:
            if known is not None and known.is_for(transaction):
                return known.bind_to(transaction)
            return bound.merge(known)

        bound = await self.profiles.profiles.update(bound.document_id, changed)
        if bound.document_id != profile.document_id:
            await self.profiles.remove_one(profile, profile.known_at)
        await self._remove_if_ended(bound)

    async def _remove_if_ended(self, profile: ChargingProfile) -> None:
        """The transaction is read after the profile was written: its end may come in between."""
        if profile.transaction_id is None:
            return
        transaction = await self.transaction(profile.station_id, profile.transaction_id)
        if transaction is not None and transaction.ended_at is not None:
            await self._remove_ended(profile, transaction)

    async def _remove_ended(self, profile: ChargingProfile, transaction: ChargingTransaction) -> None:
        """A station may report another profile under its id later, so the time of the removal counts."""
        stated_at = profile.transaction_stated_at or profile.known_at
        at = max(transaction.end_received_at or stated_at, stated_at + MILLISECOND)
        await self.profiles.remove_one(profile, at)

    async def _delete_older(self, station_id: str) -> None:
        now = self.clock()
        await self._delete_transactions(station_id, now - TRANSACTION_RETENTION)
        await self.profiles.delete_older(station_id, now - REMOVAL_RETENTION)

    async def _delete_transactions(self, station_id: str, learned_before: datetime) -> None:
        older = Query({"stationId": station_id}, order_by="learnedAt", to=rfc3339(learned_before))
        for id in [one.document_id async for one in every(self.transactions, older)]:
            await self.transactions.delete(id)


def _is_of_transaction(profile: ProfileKey, evse_id: int) -> bool:
    return (profile.purpose, profile.evse_id) == ("TxProfile", evse_id)


def _refuse(found: list[Violation]) -> None:
    if found:
        raise ForbiddenProfile(found)
