"""Which remote start a transaction comes from: OCPP 2.x says it, for OCPP 1.6 it is inferred."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson

from libs.csms.storage.store import Query
from libs.ocpp_messages.event import TransactionStarted

from .model import Command
from .service import Commands

STARTS = ("RequestStartTransaction", "RemoteStartTransaction")

MAX_CANDIDATES = 20
"""Of so many remote starts of a station, one has led to a transaction that begins now."""

PLUG_IN_LIMIT = timedelta(minutes=15)
"""OCPP 1.6 does not say which remote start a transaction comes from, and later ones come from none. Times are
those of the CSMS: the clocks of stations may be anywhere.
"""
CLOCK_ERROR = timedelta(seconds=2)
"""Between two processes of the CSMS."""


async def find_remote_start(
    commands: Commands, station_id: str, started: TransactionStarted, at: datetime
) -> Command | None:
    """The latest remote start that a transaction, heard of at that time, can come from, and no other did.

    None where one is known to have led to it: starts are told more than once.
    """
    for action in STARTS:
        query = Query(
            {"stationId": station_id, "action": action}, "createdAt", True, page_size=MAX_CANDIDATES
        )
        candidates = (await commands.commands.find(query)).items
        if any(each.transaction is not None and each.transaction.id == started.id for each in candidates):
            return None
        if found := next((each for each in candidates if _fits(each, started, at)), None):
            return found
    return None


def _fits(command: Command, started: TransactionStarted, at: datetime) -> bool:
    if command.transaction is not None or command.sent_at is None or not _may_succeed(command):
        return False
    asked = orjson.loads(command.payload)
    if command.action == "RequestStartTransaction":
        return started.remote_start_id is not None and asked["remoteStartId"] == started.remote_start_id
    in_time = command.sent_at - CLOCK_ERROR <= at <= command.sent_at + PLUG_IN_LIMIT
    same_place = asked.get("connectorId", started.connector_id) == started.connector_id
    return in_time and same_place and asked["idTag"].casefold() == started.id_token.casefold()


def _may_succeed(command: Command) -> bool:
    """Of a station that was slow to answer, the transaction may be heard of first."""
    if command.response is None:
        return command.status != "error"
    return bool(orjson.loads(command.response).get("status") == "Accepted")
