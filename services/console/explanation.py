"""A session explained in sentences, each with its evidence: what was charged, what is missing and why, what
looks wrong and what to do. No I/O. Texts are English, as they are in the files of translations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from .curves import Silence, moment
from .person import Json

State = Literal["good", "warn", "bad"]
Absence = tuple[datetime, datetime | None]
"""From when to when a station was not connected; None: it still is not."""

MAX_SILENCES = 3
"""The longest are explained."""

REPAIRED, SALVAGED = "repaired: ", "salvaged: "


@dataclass(frozen=True)
class Part:
    text: str
    """With the names of values as ``%(name)s``."""
    values: Mapping[str, object] = field(default_factory=dict)
    path: str = ""
    """Of the page that shows it."""


@dataclass(frozen=True)
class Advice:
    """Why a warning is one, and what follows."""

    rule: str
    place: str
    to_do: str


@dataclass(frozen=True)
class Sentence:
    claim: Part
    evidence: Sequence[Part] = ()
    state: State = "warn"
    advice: Advice | None = None


ADVICE = {
    "its start has not been received": Advice(
        "A transaction begins with StartTransaction, or with a TransactionEvent of the type Started.",
        "The first message of this transaction is not its start.",
        "Wait until the station has sent what it kept while it was offline. If the start does not come, the "
        "energy counts from the first reading: compare it with the meter of the station.",
    ),
    "it ended before it started": Advice(
        "The time of the end is not before the time of the start.",
        "The timestamps of the start and of the end.",
        "The clock of the station was set meanwhile. Correct the times before they are billed; the energy is "
        "not concerned.",
    ),
    "stopped under a transactionId that was never given": Advice(
        "StopTransaction names the transactionId that StartTransaction was answered with.",
        "transactionId of StopTransaction.",
        "The station has not waited for the answer, or has lost it. Find its StartTransaction by token and "
        "time, and join the two before they are billed.",
    ),
    "unreadable time": Advice(
        "Times are RFC 3339.",
        "A timestamp of a message of this transaction.",
        "The time of receipt counts in its place. Compare it with the log of the station, and tell its "
        "manufacturer: /deviations has the report.",
    ),
    "unreadable meter value": Advice(
        "A meter value is a number of a known unit.",
        "A sampledValue of a message of this transaction.",
        "It does not count. Look at the register at the start and at the end: if both are right, so is the "
        "energy.",
    ),
    "the meter ran backwards": Advice(
        "The energy register only rises.",
        "The readings of the energy register.",
        "The highest reading counts. Read the meter at the station, for it was exchanged, reset, or is "
        "defective.",
    ),
    "the meter began at zero and jumped": Advice(
        "A register that starts at zero rises from there no faster than a vehicle can charge.",
        "The first reading of the energy register, or meterStart.",
        "The zero was no reading, and the energy counts from the first one after it. Compare it with the end "
        "of the session before.",
    ),
    "the highest reading is more than a vehicle can take and does not count": Advice(
        "Between two readings there is no more energy than a vehicle can take in that time.",
        "The highest reading of the energy register.",
        "Look for the one wrong reading in the table of values. If it was right, end the transaction with "
        "the right register.",
    ),
    "more energy than a vehicle can take": Advice(
        "The energy is no more than a vehicle can take in that time.",
        "The registers at the start and at the end.",
        "Do not bill it. One of the registers is wrong or in another unit: read the meter at the station.",
    ),
    "the unit of the energy register changed": Advice(
        "All readings of the register are in one unit.",
        "unit of the sampled values.",
        "Each reading was converted by its own unit. Look for a jump by a factor of a thousand.",
    ),
    "different events have the same seqNo": Advice(
        "Each TransactionEvent of a transaction has a seqNo of its own.",
        "seqNo of TransactionEvent.",
        "The station counts anew after a restart, or has used a transactionId twice. See whether the "
        "curve is of one session or of two.",
    ),
    "events are missing, and the station has no more of them": Advice(
        "The seqNo of the events of a transaction has no gaps.",
        "seqNo of TransactionEvent, and messagesInQueue of the answer to GetTransactionStatus.",
        "They will not come any more. The energy follows from the registers that are there; what lies in the "
        "gap has no curve.",
    ),
    "the station says that it has ended": Advice(
        "A transaction goes on until its end is received.",
        "ongoingIndicator of the answer to GetTransactionStatus.",
        "Its end was lost. End the transaction here, with the register that the station shows.",
    ),
    "its connector is available": Advice(
        "While a transaction goes on, its connector is not Available.",
        "The last status of the connector.",
        "Nobody charges any more, and the end was lost. End the transaction here, so that its token is free.",
    ),
    "the operator ended it": Advice(
        "A transaction ends when its station says so.",
        "The end that an operator has chosen, on this page.",
        "Compare the register with the meter of the station. If the station reports its own end later, that "
        "one counts.",
    ),
    "it went on after the operator ended it": Advice(
        "After its end a transaction sends nothing.",
        "Messages that came after the operator had ended it.",
        "It was not over. Stop it at the station by a command; the station then reports the end that counts.",
    ),
    REPAIRED: Advice(
        "A message fits the schema of OCPP.",
        "The message and the rule that are named here.",
        "There is nothing to do for this session: what was meant leaves no doubt. Send the report of "
        "/deviations to the manufacturer.",
    ),
    SALVAGED: Advice(
        "A message fits the schema of OCPP, or can be repaired without doubt.",
        "The message and the place in it that are named here.",
        "It was refused, and counts as far as transaction, meter and time could be read. Compare them with "
        "the message before the session is billed.",
    ),
}
"""By warning of a transaction; of those that go on with a text of their own, by how they begin."""

REASONS = {
    "Local": "somebody ended it at the station",
    "Remote": "it was ended by a command",
    "EVDisconnected": "the vehicle was unplugged",
    "DeAuthorized": "its token was not accepted",
    "PowerLoss": "the station lost power",
    "Reboot": "the station restarted",
    "HardReset": "the station was reset",
    "SoftReset": "the station was reset",
    "ImmediateReset": "the station was reset",
    "EmergencyStop": "the emergency stop was pressed",
    "UnlockCommand": "the connector was unlocked by a command",
    "EnergyLimitReached": "the limit of energy was reached",
    "TimeLimitReached": "the limit of time was reached",
    "SOCLimitReached": "the state of charge that was wanted is reached",
    "StoppedByEV": "the vehicle ended it",
    "Timeout": "the vehicle was not plugged in in time",
}
"""stoppedReason in words; others are shown as they are."""


def explain(
    transaction: Json,
    silences: Sequence[Silence],
    messages: Sequence[Json],
    absences: Sequence[Absence],
) -> list[Sentence]:
    """``messages`` are those of its station, in its time, that were refused or repaired."""
    longest = sorted(silences, key=lambda each: each.start - each.end)[:MAX_SILENCES]
    missing = _ranges(transaction.get("missingSeqNos", ()))
    found = [
        *_energy(transaction),
        *_token(transaction),
        *(_silence(each, transaction, missing, absences) for each in sorted(longest)),
        *_missing(transaction, missing, longest),
        *(_warning(each, transaction, messages) for each in transaction.get("warnings", ())),
        *_end(transaction),
    ]
    if not any(one.state != "good" for one in found):
        found.append(Sentence(Part("Nothing is missing, and nothing looks wrong"), state="good"))
    return found


def _energy(transaction: Json) -> list[Sentence]:
    energy, start = transaction.get("energyWh"), transaction.get("meterStartWh")
    if energy is None:
        claim = Part("How much was charged is not known: the register was not read twice")
        return [Sentence(claim, state="good" if transaction.get("active") else "warn")]
    until = transaction.get("meterHighestWh", transaction.get("meterStopWh"))
    evidence = []
    if start is not None and until is not None:
        evidence = [Part("the register rose from %(start)s to %(end)s Wh", {"start": start, "end": until})]
    is_active = transaction.get("active")
    text = "%(energy)s Wh were charged so far" if is_active else "%(energy)s Wh were charged"
    return [Sentence(Part(text, {"energy": energy}), evidence, "good")]


def _token(transaction: Json) -> list[Sentence]:
    status = transaction.get("idTokenStatus")
    if status in (None, "Accepted"):
        return []
    values = {"token": transaction.get("idToken", "–"), "status": status}
    token = quote(str(transaction.get("idToken", "")), safe="")
    return [
        Sentence(
            Part("The token %(token)s was answered %(status)s", values, token and f"/tokens/{token}"),
            state="bad",
            advice=Advice(
                "Only a token that is Accepted charges.",
                "idTokenInfo of the answer to the start.",
                "Look at the token: its status, its expiry and its limit of transactions at a time.",
            ),
        )
    ]


def _silence(silence: Silence, transaction: Json, missing: str, absences: Sequence[Absence]) -> Sentence:
    between = {"start": silence.start, "end": silence.end}
    station = f"/stations/{quote(str(transaction['stationId']), safe='')}"
    evidence = [Part("messages %(numbers)s never came", {"numbers": missing})] if missing else []
    for start, end in absences:
        if start < silence.end and (end is None or end > silence.start):
            text = "the station was away %(start)s–%(end)s" if end else "the station is away since %(start)s"
            evidence.append(Part(text, {"start": start, "end": end}, f"{station}/log"))
    if not evidence:
        evidence.append(Part("nothing says why: see the log of the station", path=f"{station}/log"))
    if silence.wh is None:
        claim = Part("No meter value came from %(start)s to %(end)s", between)
    else:
        claim = Part(
            "%(wh)s Wh missing from the curve, %(start)s–%(end)s", between | {"wh": f"{silence.wh:g}"}
        )
    advice = Advice(
        "Meter values come at the interval that the station is set to.",
        "The part of the curve that is shaded.",
        "Nothing is missing from the energy of the session: the register of the meter has counted on.",
    )
    return Sentence(claim, evidence, "warn", advice if silence.wh is not None else None)


def _missing(transaction: Json, missing: str, silences: Sequence[Silence]) -> list[Sentence]:
    """Where no silence tells of them."""
    if not missing or silences:
        return []
    in_queue = transaction.get("messagesInQueue")
    evidence = {
        True: Part("the station says that it still has messages of this transaction"),
        False: Part("the station says that it has no more of them"),
        None: Part("the station is asked for them, or has not answered yet"),
    }[in_queue]
    return [Sentence(Part("Messages %(numbers)s never came", {"numbers": missing}), [evidence])]


def _warning(warning: str, transaction: Json, messages: Sequence[Json]) -> Sentence:
    for prefix in (REPAIRED, SALVAGED):
        if warning.startswith(prefix):
            return _about_message(prefix, warning.removeprefix(prefix), transaction, messages)
    known = ADVICE.get(warning)
    claim = Part(f"This session: {warning}") if known else Part("%(warning)s", {"warning": warning})
    return Sentence(claim, (), "bad", known)


def _about_message(prefix: str, rest: str, transaction: Json, messages: Sequence[Json]) -> Sentence:
    action, _, what = rest.partition(" ")
    values = {"action": action, "what": what}
    kind = "refused" if prefix == SALVAGED else "repairs"
    log = f"/stations/{quote(str(transaction['stationId']), safe='')}/log"
    found = [one for one in messages if one["action"] == action and one.get(kind)]
    evidence = [Part("it came at %(at)s", {"at": moment(one["receivedAt"])}, log) for one in found[:3]]
    if prefix == SALVAGED:
        claim = Part("%(action)s was refused and counts as far as it could be read: %(what)s", values)
        return Sentence(claim, evidence, "bad", ADVICE[SALVAGED])
    claim = Part("%(action)s was repaired by the rule %(what)s", values)
    return Sentence(claim, evidence, "warn", ADVICE[REPAIRED])


def _end(transaction: Json) -> list[Sentence]:
    ended, reason = transaction.get("endedAt"), transaction.get("stoppedReason")
    if transaction.get("active") or not ended:
        return []
    why = [Part(REASONS.get(reason, "the station says: %(reason)s"), {"reason": reason})] if reason else []
    return [Sentence(Part("It ended at %(at)s", {"at": moment(ended)}), why, "good")]


def _ranges(numbers: Sequence[int]) -> str:
    """``[12, 13, 14, 20]`` is "12–14, 20"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)
