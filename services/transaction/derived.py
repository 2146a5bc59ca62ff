"""The fields of a transaction, as they follow from its evidence alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from libs.csms.ranges import missing

from .energy import energy
from .evidence import Evidence, Facts, Statement, time_of
from .seq_nos import is_repeated
from .warnings import (
    CONNECTOR_AVAILABLE,
    CONTINUED_AFTER_END,
    ENDED_BEFORE_START,
    ENDED_BY_OPERATOR,
    EVENTS_LOST,
    NOT_ONGOING,
    SEQ_NO_REPEATED,
    START_MISSING,
    is_doubtful,
)

Quality = Literal["clean", "repaired", "doubtful"]


def token_key(id_token: str) -> str:
    """Tokens that differ in case alone are the same."""
    return id_token.casefold()


def derived(evidence: Evidence, known: Evidence | None = None) -> dict[str, Any]:
    """The evidence, and the fields that follow from it: at least those that do not follow from ``known``."""
    first, last, chosen = evidence.first, evidence.last, evidence.operator_end
    started, ended, in_queue = first.get("started"), first.get("ended"), last.get("messagesInQueue")
    wh = energy(evidence)
    missing_seq_nos = missing(evidence.received, int(started[1]) if started else None)
    warnings = _warnings(evidence, wh.warnings, bool(missing_seq_nos))
    return {
        "evidence": evidence,
        **({} if known is not None and first is known.first else _from_first(first)),
        "active": ended is None and chosen is None,
        "ended_at": time_of(ended[0]) if ended else chosen and chosen.ended_at,
        "last_event_at": time_of(last["message"][0]),
        "meter_start_wh": wh.start,
        "meter_stop_wh": wh.stop,
        "meter_highest_wh": wh.highest,
        "energy_wh": wh.used,
        "stopped_reason": first["stoppedReason"][1] if "stoppedReason" in first else chosen and chosen.reason,
        "charging_state": _charging_state(evidence),
        "missing_seq_nos": missing_seq_nos,
        "warnings": warnings,
        "quality": _quality(warnings),
        "messages_in_queue": in_queue and bool(in_queue[1]),
        "operator_end": chosen,
    }


def _from_first(first: dict[str, Statement]) -> dict[str, Any]:
    """Meter values do not change these: for speed, they are not made again then."""
    facts = cast(Facts, {name: value for name, (_, value) in first.items()})
    id_token, id_token_type = _token(facts)
    return {
        "started_at": time_of(first.get("started", first["message"])[0]),
        "ocpp_version": facts["ocppVersion"],
        "evse_id": facts.get("evseId"),
        "connector_id": facts.get("connectorId", facts.get("meterConnectorId")),
        "id_token": id_token,
        "id_token_type": id_token_type,
        "id_token_status": facts.get("startStatus", facts.get("tokenStatus")),
        "id_token_key": token_key(id_token) if id_token else None,
        "remote_start_id": facts.get("remoteStartId"),
        "reservation_id": facts.get("reservationId"),
        "offline": "offline" in facts,
    }


def _token(facts: Facts) -> tuple[str | None, str | None]:
    """The token and its type. A token that is a secret has a type alone."""
    if "idToken" in facts or "idTokenType" in facts:
        return facts.get("idToken"), facts.get("idTokenType")
    return facts.get("endIdToken"), facts.get("endIdTokenType")


def _charging_state(evidence: Evidence) -> str | None:
    """A transaction that has ended is not charging, whatever was said before its end."""
    latest, ended = evidence.last.get("chargingState"), evidence.first.get("ended")
    if latest is None:
        return None
    if ended is None:
        return str(latest[1]) if evidence.operator_end is None else None
    return str(latest[1]) if latest[0] >= ended[0] and latest[1] != "Charging" else None


def _warnings(evidence: Evidence, about_energy: Sequence[str], has_gaps: bool) -> list[str]:
    first, last, chosen = evidence.first, evidence.last, evidence.operator_end
    found = {*evidence.warnings, *evidence.salvaged, *about_energy}
    if is_repeated(evidence.event_digests):
        found.add(SEQ_NO_REPEATED)
    if "started" not in first:
        found.add(START_MISSING)
    if "ended" in first and first["ended"][0] < first.get("started", first["message"])[0]:
        found.add(ENDED_BEFORE_START)
    if chosen is not None:
        found.add(ENDED_BY_OPERATOR)
        if "ended" not in first and time_of(last["message"][0]) > chosen.requested_at:
            found.add(CONTINUED_AFTER_END)
    if "ended" not in first and last.get("connectorAvailable", ("", 1))[0] >= last["message"][0]:
        found.add(CONNECTOR_AVAILABLE)
    has_more, is_ongoing = last.get("messagesInQueue", ("", 1))[1], last.get("ongoing", ("", 1))[1]
    if has_gaps and not has_more:
        found.add(EVENTS_LOST)
    if "ended" not in first and chosen is None and not has_more and not is_ongoing:
        found.add(NOT_ONGOING)
    return sorted(found)


def _quality(warnings: Sequence[str]) -> Quality:
    if any(map(is_doubtful, warnings)):
        return "doubtful"
    return "repaired" if warnings else "clean"
