"""The sentences that say why a transaction looks wrong: every one that an operator can read there."""

from __future__ import annotations

import re

from libs.ocpp_messages.event import MessageRefused
from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.message import Message

START_MISSING = "its start has not been received"
ENDED_BEFORE_START = "it ended before it started"
ID_NEVER_ASSIGNED = "stopped under a transactionId that was never given"
UNREADABLE_TIME = "unreadable time"
UNREADABLE_VALUE = "unreadable meter value"
METER_RAN_BACKWARDS = "the meter ran backwards"
METER_JUMPED_FROM_ZERO = "the meter began at zero and jumped"
HIGHEST_NOT_COUNTED = "the highest reading is more than a vehicle can take and does not count"
TOO_MUCH_ENERGY = "more energy than a vehicle can take"
UNIT_CHANGED = "the unit of the energy register changed"
SEQ_NO_REPEATED = "different events have the same seqNo"
EVENTS_LOST = "events are missing, and the station has no more of them"
NOT_ONGOING = "the station says that it has ended"
CONNECTOR_AVAILABLE = "its connector is available"
ENDED_BY_OPERATOR = "the operator ended it"
CONTINUED_AFTER_END = "it went on after the operator ended it"
REPAIRED = "repaired: "
"""Begins the warning that a message was read against its schema; the action and the rule follow."""
SALVAGED = "salvaged: "
"""Begins the warning that a message was refused and counts all the same; the action and the reason follow."""

SENTENCES = (
    START_MISSING,
    ENDED_BEFORE_START,
    ID_NEVER_ASSIGNED,
    UNREADABLE_TIME,
    UNREADABLE_VALUE,
    METER_RAN_BACKWARDS,
    METER_JUMPED_FROM_ZERO,
    HIGHEST_NOT_COUNTED,
    TOO_MUCH_ENERGY,
    UNIT_CHANGED,
    SEQ_NO_REPEATED,
    EVENTS_LOST,
    NOT_ONGOING,
    CONNECTOR_AVAILABLE,
    ENDED_BY_OPERATOR,
    CONTINUED_AFTER_END,
    f"{REPAIRED}an action and a rule of leniency",
    f"{SALVAGED}an action and why it was refused",
)

MAX_SALVAGED = 10
"""Warnings of one transaction about refused messages; a station can break them in any number of ways."""

MAX_REASON = 200
"""Characters of the reason of a refusal."""

_RULES = frozenset(Rule)
_NUMBER_IN_PLACE = re.compile(r"\.\d+(?=\.|:)")


def repairs_of(message: Message) -> list[str]:
    """The rules that made a message valid, sorted."""
    if not message.repairs:
        return []
    return sorted(_RULES & {one.partition("@")[0] for one in message.repairs.split()})


def repaired(message: Message) -> list[str]:
    """One for each rule that made the message valid."""
    return [f"{REPAIRED}{message.action} {rule}" for rule in repairs_of(message)]


def salvaged(refused: MessageRefused) -> str:
    """Alike for every item of a list."""
    reason = _NUMBER_IN_PLACE.sub(".*", refused.reason)[:MAX_REASON]
    return f"{SALVAGED}{refused.action} {reason or refused.code}"


def is_doubtful(warning: str) -> bool:
    """Whether a person has to look at it: what was repaired is known well enough."""
    return not warning.startswith(REPAIRED)
