"""Who may not read tokens sees their ends, whatever he asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.masking import masked
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import ROLES, Role, Scope
from libs.csms.clock import utc_now
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from libs.csms.web.server import inside
from services.user.service import User
from services.user.tokens.api import tokens_api
from services.user.tokens.bodies import NewIdToken

TOKEN = "04AB12CD34EF80"
SHOWN: dict[str, Any] = {
    "items": [
        {"id": "1", "idToken": TOKEN, "groupIdToken": TOKEN},
        {"payload": {"idTag": TOKEN, "connectorId": 1}, "response": {"idTagInfo": {"parentIdTag": TOKEN}}},
        {"payload": {"idToken": {"idToken": TOKEN, "type": "ISO14443"}}},
        {"idToken": {"idToken": "x", "additionalInfo": [{"additionalIdToken": TOKEN, "type": "eMAID"}]}},
        {"idTokens": [TOKEN, "short"]},
    ]
}


def client(caller: Caller) -> httpx.AsyncClient:
    router = ScopedRouter(Scope.STATIONS_READ)

    @router.get("/things")
    async def things() -> dict[str, Any]:
        return SHOWN

    @router.delete("/things", status_code=204)
    async def delete() -> None: ...

    return inside(create_app("Things", router, load()), caller)


@pytest.mark.parametrize("role", Role)
async def test_the_whole_text_is_for_who_may_read_tokens(role: Role) -> None:
    async with client(Caller("x", "key", ROLES[role])) as http:
        answer = await http.get("/things")
        deleted = await http.delete("/things")

    assert (TOKEN in answer.text) is (role in (Role.OPERATOR, Role.ADMIN))
    assert "EF80" in answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert (deleted.status_code, deleted.content) == (204, b"")


async def test_services_are_given_the_whole_text() -> None:
    async with client(SERVICES["user"]) as http:
        assert (await http.get("/things")).json() == SHOWN


def test_only_the_end_of_a_token_is_left_wherever_it_is() -> None:
    assert masked(SHOWN) == {
        "items": [
            {"id": "1", "idToken": "****EF80", "groupIdToken": "****EF80"},
            {
                "payload": {"idTag": "****EF80", "connectorId": 1},
                "response": {"idTagInfo": {"parentIdTag": "****EF80"}},
            },
            {"payload": {"idToken": {"idToken": "****EF80", "type": "ISO14443"}}},
            {
                "idToken": {
                    "idToken": "****",
                    "additionalInfo": [{"additionalIdToken": "****EF80", "type": "eMAID"}],
                }
            },
            {"idTokens": ["****EF80", "****"]},
        ]
    }


async def test_page_tokens_tell_no_token_to_who_may_not_read_them(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    tokens = User.of(store, utc_now, load())
    app = create_app("User service", tokens_api(tokens.tokens), load())
    for number in range(3):
        await tokens.tokens.create(NewIdToken(id_token=f"{TOKEN}{number}"))
    async with inside(app, Caller("x", "key", ROLES[Role.ADMIN])) as http:
        known = (await http.get("/idtokens?pageSize=1")).json()["nextPageToken"]
    async with inside(app, Caller("x", "key", ROLES[Role.VIEWER])) as http:
        first = (await http.get("/idtokens?pageSize=1")).json()
        second = await http.get("/idtokens", params={"pageSize": 1, "pageToken": known})
        searched = await http.get("/idtokens", params={"q": TOKEN[:2]})
    await store.close()

    assert [token["idToken"] for token in first["items"]] == ["****F800"]
    assert "nextPageToken" not in first
    for refused in (second, searched):
        assert (refused.status_code, refused.json()["missingScope"]) == (403, "tokens:read")
