"""Negotiates charging schedules with vehicles: answers what they need, and offers them profiles (K15 to K19).

The profile follows the answer by a loop over what is due, so that the answer goes first, and another process
goes on where this one ends. Each offer has an idempotency key: it is sent once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import msgspec

from libs.csms.alarm import Alarm
from libs.csms.clients.stations import command_id
from libs.csms.clock import Clock, rfc3339
from libs.csms.errors import Conflict, DomainError, NoAnswer, TooMany, Unavailable
from libs.csms.messaging.router import Call
from libs.csms.storage.queries import composite_id, every, update_existing
from libs.csms.storage.store import Collection, Index, Json, Query, Scalar, Store
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version

from .computed_profile import EvseLimits, Limit, computed_id, computed_profile, limit_for
from .model import ChargingProfile
from .negotiation import (
    MAX_EVSE_ID,
    OFFER_DELAY,
    OFFER_TIMEOUT,
    Answer,
    Negotiation,
    Policy,
    StationPolicy,
    kept_text,
)
from .offered import SentCommand
from .registry import ProfileRegistry
from .transactions import ChargingTransaction

log = logging.getLogger(__name__)

ReportedVariables = Callable[[str, str], Awaitable[Sequence[Json]]]
"""From a station's id and a component's name: its variables as the station last reported them, as JSON."""

SendCommand = Callable[[str, str, Json, str, int], Awaitable[object]]
"""From a station's id, an action, its payload, an idempotency key, and how many seconds the command may wait
for the station. The same key never sends a second command. Raises ``DomainError``.
"""

SentCommands = Callable[[str], Awaitable[SentCommand | None]]
"""From a command's id: what became of a SetChargingProfile of 2.x. None if there is no such command."""

NeedsCall = Call[ocpp2.NotifyEVChargingNeedsRequest]
ScheduleCall = Call[ocpp2.NotifyEVChargingScheduleRequest]

RETRY_DELAY = timedelta(seconds=2)
"""Until a profile is tried again: its transaction may begin meanwhile, or the station take commands again."""

NEGOTIATIONS_PER_ROUND = 50
"""Vehicles that are offered a profile at the same time."""

RECOVERY_INTERVAL = 300.0
"""Seconds between two searches for offers that a failed process has not sent."""

SEND_TTL = int(OFFER_TIMEOUT.total_seconds())
"""Seconds that a profile may wait for a station that is away."""


class NoProfileYet(Unavailable):
    """No transaction is known that the profile could be for."""


class NoProfile(Conflict):
    """There is nothing to offer to the vehicle."""


@dataclass(frozen=True)
class Negotiations:
    known: Collection[Negotiation]
    """By station and EVSE."""
    policies: Collection[StationPolicy]
    """By station id."""
    profiles: ProfileRegistry
    transactions: Collection[ChargingTransaction]
    clock: Clock
    variables: ReportedVariables
    send_command: SendCommand
    sent_command: SentCommands
    default_policy: Policy
    alarm: Alarm
    """Wakes the loop that sends offers."""

    @classmethod
    def of(
        cls,
        store: Store,
        profiles: ProfileRegistry,
        transactions: Collection[ChargingTransaction],
        clock: Clock,
        variables: ReportedVariables,
        send_command: SendCommand,
        sent_command: SentCommands,
        default_policy: Policy,
    ) -> Self:
        return cls(
            known=store.collection(
                "evNegotiations", Negotiation, [Index(("stationId",)), Index((), "dueAt")]
            ),
            policies=store.collection("evPolicies", StationPolicy),
            profiles=profiles,
            transactions=transactions,
            clock=clock,
            variables=variables,
            send_command=send_command,
            sent_command=sent_command,
            default_policy=default_policy,
            alarm=Alarm(clock),
        )

    async def policy_of(self, station_id: str) -> Policy:
        own = await self.policies.get(station_id)
        return self.default_policy if own is None else own.policy

    async def change_policy(self, station_id: str, policy: Policy | None) -> None:
        """None has the default count again."""
        if policy is None:
            await self.policies.delete(station_id)
        else:
            await self.policies.put(station_id, StationPolicy(policy=policy, changed_at=self.clock()))

    async def needed(self, call: NeedsCall) -> Answer:
        """What the station is to be answered; the same for the same message."""
        station_id, request = call.station_id, call.request
        if not 1 <= request.evse_id <= MAX_EVSE_ID:
            return without_profile(call)
        policy = await self.policy_of(station_id)
        answer = await self._answer(call, policy)
        new = Negotiation.needed(station_id, request, answer, call.received_at)
        if policy == "compute" and answer in ("Accepted", "Processing"):
            new = new.offering(self.clock() + OFFER_DELAY)
        known = await self.known.update(new.document_id, new.replacing)
        if known.due_at is not None:
            self.alarm.set(known.due_at)
        return known.needs_status or answer

    async def chosen(
        self, call: ScheduleCall, status: ocpp2.GenericStatusEnumType
    ) -> ocpp2.GenericStatusEnumType:
        """What the station is to be answered; the same for the same message."""
        station_id, request, at = call.station_id, call.request, call.received_at
        if not 1 <= request.evse_id <= MAX_EVSE_ID:
            return status
        offer_at = self.clock() + OFFER_DELAY if await self.policy_of(station_id) != "processing" else None
        new = Negotiation(station_id=station_id, evse_id=request.evse_id, began_at=at)

        def chosen(known: Negotiation | None) -> Negotiation:
            return (known or new).chosen(request, status, at, offer_at)

        known = await self.known.update(new.document_id, chosen)
        if known.due_at is not None:
            self.alarm.set(known.due_at)
        is_kept = known.schedule_received_at == at and known.schedule_status is not None
        return known.schedule_status if is_kept and known.schedule_status else status

    async def offer_ended(self, station_id: str, evse_id: int, command_id: str, status: str) -> None:
        """A SetChargingProfile has, of whomever."""
        id = composite_id(station_id, evse_id)
        known = await self.known.get(id)
        if known is None or known.command_id != command_id:
            return
        await update_existing(self.known, id, lambda known: known.ended(command_id, status))
        if status != "Accepted":
            log.warning(
                "station %s: the vehicle at EVSE %d gets no charging profile: %s", station_id, evse_id, status
            )

    async def forget(self, station_id: str, before: datetime) -> None:
        """The station was deleted then. What is newer is of another one of its id."""
        of_station = every(self.known, Query({"stationId": station_id}))
        for id in [one.document_id async for one in of_station if one.began_at < before]:
            await self.known.delete(id)
        own = await self.policies.get(station_id)
        if own is not None and own.changed_at < before:
            await self.policies.delete(station_id)

    async def keep_offering(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.offer()
            except Exception:
                log.exception("vehicles were not offered charging profiles")
                self.alarm.set(self.clock() + RETRY_DELAY)
            await self.alarm.wait(RECOVERY_INTERVAL)

    async def offer(self) -> None:
        """Send what is due. Several processes may do this at once."""
        until = rfc3339(self.clock() + timedelta(milliseconds=1))
        due = await self.known.find(Query(order_by="dueAt", to=until, page_size=NEGOTIATIONS_PER_ROUND))
        async with asyncio.TaskGroup() as tasks:
            for negotiation in due.items:
                tasks.create_task(self._offer(negotiation))
        if due.next_page_token:
            self.alarm.set(self.clock() + RETRY_DELAY)

    async def _offer(self, negotiation: Negotiation) -> None:
        station_id, id = negotiation.station_id, negotiation.document_id
        try:
            await self._send(negotiation)
        except (NoAnswer, TooMany, Unavailable) as problem:
            return await self._postpone(negotiation, problem.detail)
        except DomainError as refusal:
            return await self._give_up(negotiation, refusal.detail)
        except Exception:
            log.exception("station %s: no charging profile for EVSE %d", station_id, negotiation.evse_id)
            return await self._postpone(negotiation, "the CSMS has failed")
        await update_existing(self.known, id, lambda known: known.sent(negotiation))

    async def _postpone(self, negotiation: Negotiation, reason: str) -> None:
        now = self.clock()
        if negotiation.is_overdue(now):
            return await self._give_up(negotiation, reason)
        at, id = now + RETRY_DELAY, negotiation.document_id
        await update_existing(self.known, id, lambda known: known.postponed(negotiation, at))
        self.alarm.set(at)

    async def _give_up(self, negotiation: Negotiation, reason: str) -> None:
        log.warning(
            "station %s: the vehicle at EVSE %d gets no charging profile: %s",
            negotiation.station_id,
            negotiation.evse_id,
            reason,
        )
        id = negotiation.document_id
        await update_existing(self.known, id, lambda known: known.failed(negotiation, reason))

    async def _send(self, negotiation: Negotiation) -> None:
        """Raises ``DomainError``. Which command it is, is stored before the command can end. A process that
        died may have sent it, and the profile may be another one by now.
        """
        station_id, evse_id, key = negotiation.station_id, negotiation.evse_id, negotiation.offer_key
        command = command_id(station_id, key)
        if negotiation.command_id == command and await self.sent_command(command) is not None:
            return
        transaction = await self._active_transaction(station_id, evse_id)
        if transaction is None:
            raise NoProfileYet(f"no transaction is active on EVSE {evse_id}")
        transaction_id = transaction.transaction_id
        profile = await self._profile(negotiation, transaction_id)
        profile_id, id = profile["id"], negotiation.document_id
        await update_existing(
            self.known, id, lambda known: known.sending(command, transaction_id, profile_id)
        )
        payload = {"evseId": evse_id, "chargingProfile": profile}
        await self.send_command(station_id, "SetChargingProfile", payload, key, SEND_TTL)

    async def _profile(self, negotiation: Negotiation, transaction_id: str) -> Json:
        """What somebody else has set for the transaction, by the API, counts more than what is computed."""
        station_id, evse_id = negotiation.station_id, negotiation.evse_id
        controller = await self.variables(station_id, "SmartChargingCtrlr")
        present = [one async for one in self.profiles.present(station_id)]
        taken = {one.id for one in present if (one.evse_id, one.purpose) != (evse_id, "TxProfile")}
        id = computed_id(evse_id, controller, taken)
        ruling = _ruling(present, evse_id, transaction_id)
        if ruling is not None and (ruling.id != id or negotiation.needs is None):
            return await self.profiles.newest(ruling) | {"transactionId": transaction_id}
        if negotiation.needs is None:
            raise NoProfile("it has not stated what it needs, and no profile of its transaction is known")
        request = msgspec.json.decode(negotiation.needs, type=ocpp2.NotifyEVChargingNeedsRequest)
        limit = await self._limit(station_id, evse_id, request.charging_needs)
        if limit is None:
            raise NoProfile("neither it nor the EVSE has stated a limit that it can charge with")
        return dict(msgspec.json.decode(encode(computed_profile(id, limit, transaction_id))))

    async def _answer(self, call: NeedsCall, policy: Policy) -> Answer:
        """K15.FR.03 to .05: Accepted with a profile now, Processing with one later."""
        station_id, evse_id = call.station_id, call.request.evse_id
        match policy:
            case "processing":
                return "Processing"
            case "reject":
                return "Rejected"
            case "noChargingProfile":
                return "NoChargingProfile" if call.version is Version.V21 else "Rejected"
        limit = await self._limit(station_id, evse_id, call.request.charging_needs)
        if limit is None or kept_text(call.request) is None:
            return without_profile(call)
        transaction = await self._active_transaction(station_id, evse_id)
        return "Processing" if transaction is None else "Accepted"

    async def _limit(self, station_id: str, evse_id: int, needs: ocpp2.ChargingNeedsType) -> Limit | None:
        evse = await self.variables(station_id, "EVSE")
        connectors = await self.variables(station_id, "Connector")
        controller = await self.variables(station_id, "SmartChargingCtrlr")
        return limit_for(needs, EvseLimits.reported(evse_id, [*evse, *connectors], controller))

    async def _active_transaction(self, station_id: str, evse_id: int) -> ChargingTransaction | None:
        """The newest one on the EVSE, unless it has ended."""
        place: dict[str, Scalar] = {"stationId": station_id, "evseId": evse_id}
        found = await self.transactions.find(Query(place, "learnedAt", descending=True, page_size=1))
        return next((one for one in found.items if one.ended_at is None), None)


def without_profile(call: NeedsCall) -> Answer:
    """In ISO 15118-20 a Rejected would end the transaction (K18.FR.22), so none is NoChargingProfile there
    (K19.FR.04); only ISO 15118-2 has parameters of AC or DC (K15.FR.06, K19.FR.06).
    """
    needs = call.request.charging_needs
    speaks_2 = needs.control_mode is None and (needs.ac_charging_parameters or needs.dc_charging_parameters)
    return "Rejected" if speaks_2 or call.version is not Version.V21 else "NoChargingProfile"


def _ruling(profiles: Sequence[ChargingProfile], evse_id: int, transaction_id: str) -> ChargingProfile | None:
    """The TxProfile of the transaction that counts most."""
    of_transaction = [
        one
        for one in profiles
        if (one.evse_id, one.purpose, one.source) == (evse_id, "TxProfile", "CSO")
        and one.transaction_id == transaction_id
    ]
    return max(of_transaction, key=lambda one: (one.stack_level, one.known_at), default=None)
