"""People who sign in, and keys of programs: to add, change, disable, rotate and revoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from libs.csms.access.scopes import Role

from ..listing import Asked, Column, Filter, Found, Listing, listing_page, listing_router
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import page, seen_other, segment
from ..typed import number, typed, words

ROLES = [role.value for role in Role]

RIGHTS = ("role", "scopes", "groups")


async def find_people(person: Person, asked: Asked) -> Found:
    return await _found(person, "/users", asked)


async def find_keys(person: Person, asked: Asked) -> Found:
    return await _found(person, "/keys", asked)


async def _found(person: Person, path: str, asked: Asked) -> Found:
    """The filters are over one page of the REST, which has none: of at most 1,000, all are on the first."""
    is_filtered = bool(asked.filters)
    size = 1_000 if is_filtered else asked.page_size
    found = await person.user.get(path, pageSize=size, pageToken=asked.page_token)
    items = [one for one in found["items"] if _fits(one, asked.filters)]
    return Found(items, "" if is_filtered else found.get("nextPageToken") or "")


def _fits(item: Json, filters: Mapping[str, str]) -> bool:
    text = f"{item['id']} {item['name']}".lower()
    has_ended = "disabledAt" in item or "revokedAt" in item
    return (
        filters.get("q", "").lower() in text
        and filters.get("role", item.get("role")) == item.get("role")
        and filters.get("active", str(not has_ended).lower()) == str(not has_ended).lower()
    )


def _field(name: str, title: str, kind: str = "text", shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), kind, shown=shown)


def _listed(name: str, title: str, otherwise: str = "", shown: bool = True) -> Column:
    return Column(name, title, lambda item: ", ".join(item.get(name) or ()) or otherwise, shown=shown)


FILTERS = [Filter("role", "Role", ROLES), Filter("active", "Active", ("true", "false"))]

PEOPLE = Listing(
    "/people",
    "People and keys",
    [
        Column(
            "id", "User name", lambda item: item["id"], link=lambda item: f"/people/{segment(item['id'])}"
        ),
        _field("name", "Name"),
        _field("role", "Role"),
        _listed("groups", "Groups", "all stations"),
        Column("state", "State", lambda item: "disabled" if "disabledAt" in item else "active", "state"),
        _field("secondFactor", "Second factor", "boolean"),
        _field("sessions", "Sessions", "number"),
        _field("createdAt", "Added", "time"),
        _field("createdBy", "Added by"),
        _listed("scopes", "Scopes", shown=False),
        _field("passwordChangedAt", "Password set", "time", shown=False),
    ],
    find_people,
    FILTERS,
    searches="user name, name",
    empty="Nobody fits.",
    above="people_above.html",
)

KEYS = Listing(
    "/keys",
    "Keys",
    [
        _field("id", "Id", "code"),
        _field("name", "What it is for"),
        _field("role", "Role"),
        _listed("groups", "Groups", "all stations"),
        Column("state", "State", lambda item: "revoked" if "revokedAt" in item else "active", "state"),
        _field("secrets", "Secrets", "number"),
        _field("lastUsedAt", "Last used", "time"),
        _field("expiresAt", "Ends", "time"),
        _field("createdBy", "Made by"),
        _listed("scopes", "Scopes", shown=False),
        _field("createdAt", "Made", "time", shown=False),
    ],
    find_keys,
    FILTERS,
    searches="id, what it is for",
    empty="No key fits.",
    above="keys_above.html",
    actions="key_actions.html",
)

router = APIRouter()
router.include_router(listing_router(PEOPLE))
router.include_router(listing_router(KEYS))


@router.post("/people")
async def add(request: Request, person: ThePerson, form: TheForm) -> Response:
    given = typed(form, "id", "name", *RIGHTS)
    body = {"id": given["id"], "name": given["name"], "password": str(form.get("password", ""))}
    try:
        await person.user.send("POST", "/users", body | _rights(given))
    except Refusal as refusal:
        return await listing_page(request, PEOPLE, person, refusal.status, refusal=refusal, typed=given)
    return seen_other(request, f"/people/{segment(given['id'])}")


@router.get("/people/{id}")
async def show(request: Request, id: str, person: ThePerson) -> Response:
    return await _shown(request, person, id)


@router.post("/people/{id}")
async def change(request: Request, id: str, person: ThePerson, form: TheForm) -> Response:
    """``act`` is what to do; without it, the fields of the form are changed."""
    given = typed(form, *(name for name in ("name", *RIGHTS) if name in form))
    try:
        await _carry_out(person, id, str(form.get("act", "")), given, str(form.get("password", "")))
    except Refusal as refusal:
        return await _shown(request, person, id, refusal.status, refusal=refusal, typed=given)
    return seen_other(request, "/people" if form.get("act") == "remove" else f"/people/{segment(id)}")


@router.post("/keys")
async def make_key(request: Request, person: ThePerson, form: TheForm) -> Response:
    """The answer alone shows the secret."""
    given = typed(form, "name", "days", *RIGHTS)
    body: Json = {"name": given["name"]} | _rights(given)
    if given["days"]:
        body["days"] = number(given["days"])
    return await _issued(request, person, "/keys", body, typed=given)


@router.post("/keys/{id}")
async def change_key(request: Request, id: str, person: ThePerson, form: TheForm) -> Response:
    path = f"/keys/{segment(id)}"
    if form.get("act") == "rotate":
        return await _issued(request, person, f"{path}/rotate", None)
    try:
        await person.user.send("DELETE", path)
    except Refusal as refusal:
        return await listing_page(request, KEYS, person, refusal.status, refusal=refusal)
    return seen_other(request, "/keys")


async def _issued(request: Request, person: Person, path: str, body: Json | None, **values: Any) -> Response:
    """The list with the new secret above it, which no cache keeps."""
    try:
        issued = await person.user.send("POST", path, body)
    except Refusal as refusal:
        return await listing_page(request, KEYS, person, refusal.status, refusal=refusal, **values)
    response = await listing_page(request, KEYS, person, issued=issued)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _carry_out(person: Person, id: str, act: str, given: Mapping[str, str], password: str) -> None:
    """Raises ``Refusal``."""
    path = f"/users/{segment(id)}"
    match act:
        case "disable" | "enable":
            await person.user.send("PATCH", path, {"disabled": act == "disable"})
        case "password":
            await person.user.send("PATCH", path, {"password": password})
        case "reset-totp":
            await person.user.send("DELETE", f"{path}/totp")
        case "remove":
            await person.user.send("DELETE", path)
        case _:
            changed = _rights(given, is_change=True)
            await person.user.send(
                "PATCH", path, ({"name": given["name"]} if given.get("name") else {}) | changed
            )


def _rights(given: Mapping[str, str], is_change: bool = False) -> Json:
    """Of a change, null takes away what was emptied."""
    rights: Json = {}
    if "role" in given and (given["role"] or is_change):
        rights["role"] = given["role"] or None
    if given.get("scopes") or (is_change and "scopes" in given):
        rights["scopes"] = words(given["scopes"])
    if given.get("groups") or (is_change and "groups" in given):
        rights["groups"] = words(given["groups"]) or None
    return rights


async def _shown(request: Request, person: Person, id: str, status: int = 200, **more: Any) -> Response:
    known = await person.user.get(f"/users/{segment(id)}")
    fields = known | {"groups": ", ".join(known.get("groups") or ()), "scopes": None}
    return page(
        request,
        "person.html",
        person,
        status,
        known=known,
        roles=ROLES,
        **{"refusal": None} | more | {"typed": fields | more.get("typed", {})},
    )
