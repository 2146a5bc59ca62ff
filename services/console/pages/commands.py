"""The commands of the whole fleet, and the commands to many stations."""

from __future__ import annotations

from fastapi import APIRouter

from ..answers import STATUSES
from ..listing import Asked, Column, Filter, Found, Listing, listing_router
from ..person import Json, Person
from ..rendering import segment, url


async def find(person: Person, asked: Asked) -> Found:
    """The newest first. Filters are those of the REST, where they are compared exactly."""
    page = await person.device.get(
        "/commands", pageSize=asked.page_size, pageToken=asked.page_token, **asked.filters
    )
    return Found.of(page)


async def find_batches(person: Person, asked: Asked) -> Found:
    """The REST counts each: it gives no more than 100 at once."""
    size = min(asked.page_size, 100)
    return Found.of(await person.device.get("/commands/batches", pageSize=size, pageToken=asked.page_token))


def _page_of(command: Json) -> str:
    return url(f"/stations/{segment(command['stationId'])}/commands", id=command["id"])


def _requester(item: Json) -> str | None:
    requester: Json = item.get("requestedBy") or {}
    return requester.get("id")


def _station_status(command: Json) -> str | None:
    response, error = command.get("response"), command.get("error")
    if error is not None:
        return str(error["code"] or error["description"])
    return response.get("status") if isinstance(response, dict) else None


def _selected(batch: Json) -> str:
    """What its stations have in common."""
    shown = dict(batch["selection"])
    if "ids" in shown:
        shown["ids"] = len(shown["ids"])
    return ", ".join(f"{name} {value}" for name, value in shown.items() if value is not None)


COMMANDS = Listing(
    "/commands",
    "Commands",
    [
        Column("action", "Command", lambda item: item["action"], link=_page_of),
        Column(
            "stationId",
            "Station",
            lambda item: item["stationId"],
            link=lambda item: f"/stations/{segment(item['stationId'])}",
        ),
        Column("status", "Status", lambda item: item["status"], "state"),
        Column("stationStatus", "Answer", _station_status),
        Column("requestedBy", "Requested by", _requester),
        Column("createdAt", "Made", lambda item: item["createdAt"], "time"),
        Column("sentAt", "Sent", lambda item: item.get("sentAt"), "time", shown=False),
        Column("answeredAt", "Answered", lambda item: item.get("answeredAt"), "time"),
        Column(
            "batchId",
            "To many",
            lambda item: item.get("batchId"),
            "code",
            link=lambda item: f"/commands/batches/{segment(item['batchId'])}",
            shown=False,
        ),
    ],
    find,
    [
        Filter("status", "Status", STATUSES),
        Filter("action", "Command"),
        Filter("stationId", "Station"),
        Filter("requestedBy", "Requested by"),
    ],
    empty="No command yet.",
    above="commands_above.html",
)

BATCHES = Listing(
    "/commands/batches",
    "Commands to many",
    [
        Column(
            "action",
            "Command",
            lambda item: item["action"],
            link=lambda item: f"/commands/batches/{segment(item['id'])}",
        ),
        Column("selection", "To", _selected),
        Column("status", "Status", lambda item: item["status"], "state"),
        Column("total", "Stations", lambda item: item["total"], "number"),
        Column("answered", "Answered", lambda item: item["counts"]["answered"], "number"),
        Column("requestedBy", "Requested by", _requester),
        Column("createdAt", "Made", lambda item: item["createdAt"], "time"),
    ],
    find_batches,
    empty="No command to many yet.",
    above="commands_above.html",
)

router = APIRouter()
router.include_router(listing_router(COMMANDS))
router.include_router(listing_router(BATCHES))
