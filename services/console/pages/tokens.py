"""Tokens that may charge: the list, and one to change. Who may not read tokens is shown their ends."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import Request, Response

from libs.ocpp_messages.mappings import TokenStatus

from ..listing import Asked, Column, Filter, Found, Listing, listing_page, listing_router
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import page, seen_other, segment
from ..typed import number, typed, utc

STATUSES = get_args(TokenStatus)

TYPES = (
    "ISO14443 ISO15693 KeyCode eMAID MacAddress EVCCID VIN Central Local DirectPayment NoAuthorization"
).split()

FIELDS = ("type", "status", "expiryDateTime", "groupIdToken", "maxActiveTransactions", "note")


async def find(person: Person, asked: Asked) -> Found:
    """A search is for the beginning of a text, by who may read tokens."""
    found = await person.user.get(
        "/idtokens", **asked.filters, pageSize=asked.page_size, pageToken=asked.page_token
    )
    return Found.of(found | {"items": [_item(person, one) for one in found["items"]]})


def _item(person: Person, token: Json) -> Json:
    """With its page, where the person knows its text."""
    is_known = person.may("tokens:read") and "idToken" in token
    return token | {"path": f"/tokens/{segment(token['idToken'])}" if is_known else ""}


def _field(name: str, title: str, kind: str = "text") -> Column:
    return Column(name, title, lambda item: item.get(name), kind)


LISTING = Listing(
    "/tokens",
    "Tokens",
    [
        Column(
            "idToken", "Token", lambda item: item.get("idToken", "KeyCode"), "code", lambda item: item["path"]
        ),
        _field("type", "Type"),
        _field("status", "Status", "state"),
        _field("expiryDateTime", "Expires", "time"),
        _field("groupIdToken", "Group", "code"),
        Column(
            "maxActiveTransactions",
            "Transactions at a time",
            lambda item: item.get("maxActiveTransactions") or None,
            "number",
        ),
        _field("note", "Note"),
    ],
    find,
    [Filter("status", "Status", STATUSES), Filter("type", "Type", TYPES), Filter("groupIdToken", "Group")],
    searches="the beginning of a token",
    empty="No token fits.",
    above="tokens_above.html",
    actions="token_actions.html",
)

router = listing_router(LISTING)


@router.post("/tokens")
async def add(request: Request, person: ThePerson, form: TheForm) -> Response:
    given = typed(form, "idToken", *FIELDS)
    body = {"idToken": given["idToken"]} | {name: value for name, value in _body(given).items() if value}
    try:
        token = await person.user.send("POST", "/idtokens", body)
    except Refusal as refusal:
        return await listing_page(request, LISTING, person, refusal.status, refusal=refusal, typed=given)
    known = token.get("idToken")
    return seen_other(request, f"/tokens/{segment(known)}" if known else "/tokens?type=KeyCode")


@router.get("/tokens/{id_token:path}")
async def show(request: Request, id_token: str, person: ThePerson) -> Response:
    return await _shown(request, person, id_token)


@router.post("/tokens/{id_token:path}")
async def change(request: Request, id_token: str, person: ThePerson, form: TheForm) -> Response:
    """What the form names is changed, the rest stays."""
    path = f"/idtokens/{segment(id_token)}"
    given = typed(form, *(name for name in FIELDS if name in form))
    try:
        if form.get("act") == "delete":
            await person.user.send("DELETE", path)
            return seen_other(request, "/tokens")
        await person.user.send("PATCH", path, _body(given))
    except Refusal as refusal:
        return await _shown(request, person, id_token, refusal.status, refusal=refusal, typed=given)
    return seen_other(request, f"/tokens/{segment(id_token)}")


async def _shown(request: Request, person: Person, id_token: str, status: int = 200, **more: Any) -> Response:
    token = await person.user.get(f"/idtokens/{segment(id_token)}")
    return page(
        request,
        "token.html",
        person,
        status,
        id_token=id_token,
        token=token,
        statuses=STATUSES,
        types=TYPES,
        **{"refusal": None} | more | {"typed": token | more.get("typed", {})},
    )


def _body(given: dict[str, str]) -> Json:
    """Null for what was left empty: then it goes."""
    body: Json = {name: value or None for name, value in given.items() if name in FIELDS}
    if body.get("expiryDateTime"):
        body["expiryDateTime"] = utc(body["expiryDateTime"])
    if body.get("maxActiveTransactions"):
        body["maxActiveTransactions"] = number(body["maxActiveTransactions"])
    return body
