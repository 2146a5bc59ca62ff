"""Which remote start a transaction comes from: by remoteStartId in OCPP 2.x, inferred in OCPP 1.6."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import orjson

from libs.csms.messaging.router import Call
from libs.csms.secrets import is_secret_token_type
from libs.csms.storage.store import Query
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.event import REMOTE_START_MATCHED, RemoteStartMatched, TransactionStarted

from .model import Command
from .service import Commands

STARTS = ("RequestStartTransaction", "RemoteStartTransaction")

MAX_CANDIDATES = 20
"""How many of the latest remote starts of a station are searched."""

PLUG_IN_LIMIT = timedelta(minutes=15)
"""In OCPP 1.6, a transaction that begins later than this after a remote start does not come from it. Measured
with the clock of the CSMS, as clocks of stations may be wrong.
"""
CLOCK_ERROR = timedelta(seconds=2)
"""How far the clocks of two processes of the CSMS may differ."""


async def find_remote_start(
    commands: Commands, station_id: str, started: TransactionStarted, at: datetime
) -> Command | None:
    """The latest remote start that can have led to a transaction and has led to no other; ``at`` is when the
    CSMS received its start.

    None if a remote start is known for it already: TransactionStarted is delivered at least once.
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
    published_at, sent_at = command.published_at, command.sent_at or command.published_at
    if command.transaction is not None or published_at is None or sent_at is None:
        return False
    if not _may_succeed(command):
        return False
    payload = orjson.loads(command.payload)
    if command.action == "RequestStartTransaction":
        return started.remote_start_id is not None and payload["remoteStartId"] == started.remote_start_id
    in_time = published_at - CLOCK_ERROR <= at <= sent_at + PLUG_IN_LIMIT
    same_place = payload.get("connectorId", started.connector_id) == started.connector_id
    return in_time and same_place and payload["idTag"].casefold() == started.id_token.casefold()


def _may_succeed(command: Command) -> bool:
    """The transaction may be reported before the answer to the command; and a station that has given no
    answer, or one that cannot be read, may have acted.
    """
    if command.status in ("error", "expired"):
        return False
    status = command.readable_status
    if command.warning is not None:
        return status != "Rejected"
    return status is None or status == "Accepted"


async def publish_match(commands: Commands, command: Command, call: Call[TransactionStarted]) -> None:
    """Publish RemoteStartMatched, at least once: before the command has its transaction, after which
    TransactionStarted finds it no more. In OCPP 1.6 a station always names the token itself.
    """
    if command.action != "RequestStartTransaction":
        return
    token, started = orjson.loads(command.payload)["idToken"], call.request
    matched = RemoteStartMatched(
        id=started.id,
        transaction_id=started.transaction_id,
        started_at=started.started_at,
        command_id=command.id,
        id_token="" if is_secret_token_type(token["type"]) else token["idToken"],
        id_token_type=token["type"],
    )
    message = msgspec.structs.replace(
        call.message, action=REMOTE_START_MATCHED.name, data=encode(matched), message_id=command.id
    )
    await commands.bus.publish(REMOTE_START_MATCHED.name, message)
