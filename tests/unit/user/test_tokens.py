from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from services.user.app import user_service
from services.user.service import User

TOKEN: dict[str, Any] = {
    "idToken": "AA00001",
    "type": "ISO15693",
    "status": "Blocked",
    "expiryDateTime": "2027-01-01T00:00:00.000Z",
    "groupIdToken": "FLEET",
    "maxActiveTransactions": 3,
    "note": "lost",
}
DEFAULTS = {"type": "ISO14443", "status": "Accepted", "maxActiveTransactions": 0}
PROBLEM = "application/problem+json"


async def test_a_token_comes_back_as_it_was_created(client: httpx.AsyncClient) -> None:
    created = await client.post("/idtokens", json=TOKEN)

    assert (created.status_code, created.json()) == (201, TOKEN)
    assert created.headers["location"] == "/idtokens/AA00001"
    assert (await client.get("/idtokens/AA00001")).json() == TOKEN


async def test_a_text_is_enough_for_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.post("/idtokens", json={"idToken": "x"})).json() == {"idToken": "x"} | DEFAULTS


async def test_a_token_is_found_in_any_case(client: httpx.AsyncClient) -> None:
    await client.post("/idtokens", json={"idToken": "aBc"})

    assert (await client.get("/idtokens/AbC")).json()["idToken"] == "aBc"
    assert (await client.patch("/idtokens/ABC", json={"idToken": "abc", "note": "n"})).status_code == 200
    assert (await client.post("/idtokens", json={"idToken": "ABC"})).status_code == 409
    assert (await client.delete("/idtokens/abc")).status_code == 204


@pytest.mark.parametrize("other", [TOKEN, {"idToken": "aa00001"}, {"idToken": "AA00001", "type": "KeyCode"}])
async def test_an_existing_token_is_not_overwritten(client: httpx.AsyncClient, other: dict[str, Any]) -> None:
    await client.post("/idtokens", json=TOKEN)

    again = await client.post("/idtokens", json=other)

    assert (again.status_code, again.headers["content-type"]) == (409, PROBLEM)
    assert (await client.get("/idtokens/AA00001")).json() == TOKEN


@pytest.mark.parametrize("text", ["..", "a/b", "a%2Fb", "ü 1", "x" * 255, "keycode:", "a:b", "Straße"])
async def test_any_text_can_be_a_token(client: httpx.AsyncClient, text: str) -> None:
    path = "/idtokens/" + quote(text, safe="").replace(".", "%2E")
    created = await client.post("/idtokens", json={"idToken": text})
    read = await client.get(path)
    gone = await client.delete(path)

    assert (created.status_code, read.json()["idToken"], gone.status_code) == (201, text, 204)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"idToken": ""},
        {"idToken": None},
        {"idToken": 5},
        {"idToken": "x" * 256},
        {"idToken": "a\nb"},
        {"idToken": "x", "colour": "red"},
        {"idToken": "x", "status": "ConcurrentTx"},
        {"idToken": "x", "status": "fine"},
        {"idToken": "x", "type": ""},
        {"idToken": "x", "type": "x" * 21},
        {"idToken": "x", "expiryDateTime": "tomorrow"},
        {"idToken": "x", "expiryDateTime": "2027-01-01T00:00:00"},
        {"idToken": "x", "maxActiveTransactions": -1},
        {"idToken": "x", "maxActiveTransactions": "1"},
        {"idToken": "x", "groupIdToken": ""},
        [],
    ],
)
async def test_what_is_not_a_token_is_refused(client: httpx.AsyncClient, user: User, body: object) -> None:
    refused = await client.post("/idtokens", json=body)

    assert (refused.status_code, refused.headers["content-type"]) == (422, PROBLEM)
    assert await user.tokens.documents.count({}) == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_an_unknown_token_is_not_found(client: httpx.AsyncClient, user: User, method: str) -> None:
    answer = await client.request(method, "/idtokens/x", json={"status": "Blocked"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert await user.tokens.documents.count({}) == 0


async def test_put_replaces_a_token(client: httpx.AsyncClient) -> None:
    await client.post("/idtokens", json=TOKEN)

    replaced = await client.put("/idtokens/aa00001", json={"status": "NoCredit"})

    assert (replaced.status_code, replaced.json()) == (
        200,
        DEFAULTS | {"idToken": "AA00001", "status": "NoCredit", "type": "ISO15693"},
    )


async def test_put_without_a_type_keeps_it(client: httpx.AsyncClient) -> None:
    await client.post("/idtokens", json=TOKEN)
    await client.post("/idtokens", json={"idToken": "1234", "type": "KeyCode"})

    kept = await client.put("/idtokens/AA00001", json={"type": None})
    pin = await client.put("/idtokens/1234", json={"status": "Blocked"})
    changed = await client.put("/idtokens/AA00001", json={"type": "eMAID"})

    assert [one.json()["type"] for one in (kept, pin, changed)] == ["ISO15693", "KeyCode", "eMAID"]


async def test_patch_merges_and_null_removes(client: httpx.AsyncClient) -> None:
    await client.post("/idtokens", json=TOKEN)

    patch = {"status": None, "expiryDateTime": None, "groupIdToken": "OTHER"}
    patched = await client.patch("/idtokens/AA00001", json=patch)

    expected = TOKEN | {"status": "Accepted", "groupIdToken": "OTHER"}
    del expected["expiryDateTime"]
    assert patched.json() == expected


@pytest.mark.parametrize("limit", [0, None])
async def test_a_token_may_have_no_limit(client: httpx.AsyncClient, limit: int | None) -> None:
    await client.post("/idtokens", json={"idToken": "x", "maxActiveTransactions": limit})
    await client.post("/idtokens", json={"idToken": "y"})
    await client.patch("/idtokens/y", json={"maxActiveTransactions": limit})

    for text in ("x", "y"):
        read = (await client.get(f"/idtokens/{text}")).json()
        written = (await client.put(f"/idtokens/{text}", json=read)).json()
        assert read["maxActiveTransactions"] == written["maxActiveTransactions"] == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_token_does_not_change_its_text_nor_become_a_pin(
    client: httpx.AsyncClient, method: str
) -> None:
    await client.post("/idtokens", json=TOKEN)
    await client.post("/idtokens", json={"idToken": "1234", "type": "KeyCode"})

    text = await client.request(method, "/idtokens/AA00001", json={"idToken": "AA00002"})
    to_pin = await client.request(method, "/idtokens/AA00001", json={"type": "KeyCode"})
    from_pin = await client.request(method, "/idtokens/1234", json={"type": "Local"})
    of_pin = await client.request(method, "/idtokens/1234", json={"type": "KeyCode", "status": "Blocked"})

    assert [answer.status_code for answer in (text, to_pin, from_pin, of_pin)] == [422, 422, 422, 200]
    assert (await client.get("/idtokens/AA00001")).json() == TOKEN
    assert (await client.get("/idtokens/1234")).json()["status"] == "Blocked"


async def test_tokens_are_listed_in_pages_and_filtered(client: httpx.AsyncClient) -> None:
    for number in range(4):
        fields = {"status": "Blocked"} if number % 2 else {"groupIdToken": "G", "type": "Local"}
        await client.post("/idtokens", json={"idToken": f"T{number}"} | fields)

    async def found(query: str) -> list[str]:
        page = (await client.get(f"/idtokens?{query}")).json()
        return [token["idToken"] for token in page["items"]]

    first = (await client.get("/idtokens?pageSize=3")).json()
    assert [token["idToken"] for token in first["items"]] == ["T0", "T1", "T2"]
    assert await found(f"pageSize=3&pageToken={first['nextPageToken']}") == ["T3"]
    assert await found("status=Blocked") == ["T1", "T3"]
    assert await found("groupIdToken=G&type=Local") == ["T0", "T2"]
    assert (await client.get("/idtokens?status=fine")).status_code == 422


async def test_the_service_consumes_authorize(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "user.db")

    device = DeviceClient(httpx.AsyncClient(base_url="http://device", verify=False))
    service = user_service(Settings(_env_file=None), EmbeddedBus(), store, device, utc_now)
    await store.close()

    assert service.name == "user"
    assert "AuthorizeRequest" in {subscription.topic for subscription in service.subscriptions}


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ({"q": "04a"}, ["04A1", "04a2/x", "04AÄ"]),
        ({"q": "04A2/"}, ["04a2/x"]),
        ({"q": "04aä"}, ["04AÄ"]),
        ({"q": "straß"}, ["STRASSE"]),
        ({"q": "4a"}, []),
        ({"q": "%"}, ["%1"]),
        ({"q": "04", "status": "Blocked"}, ["04a2/x"]),
        ({"q": "keycode:"}, []),
        ({"q": "0", "type": "KeyCode"}, []),
    ],
)
async def test_tokens_are_found_by_the_beginning_of_their_texts(
    client: httpx.AsyncClient, query: dict[str, str], texts: list[str]
) -> None:
    for text in ("04A1", "04a2/x", "04AÄ", "05A1", "%1", "STRASSE", "x04A1"):
        body = {"idToken": text, "status": "Blocked" if "x" in text else "Accepted"}
        assert (await client.post("/idtokens", json=body)).status_code == 201
    assert (await client.post("/idtokens", json={"idToken": "0000", "type": "KeyCode"})).status_code == 201

    found = (await client.get("/idtokens", params=query)).json()["items"]

    assert [token["idToken"] for token in found] == texts


async def test_tokens_that_are_searched_come_in_pages(client: httpx.AsyncClient) -> None:
    for text in ("A1", "A2", "A3", "B1"):
        await client.post("/idtokens", json={"idToken": text})

    first = (await client.get("/idtokens?q=a&pageSize=2")).json()
    second = (await client.get(f"/idtokens?q=a&pageSize=2&pageToken={first['nextPageToken']}")).json()
    other = await client.get(f"/idtokens?q=b&pageToken={first['nextPageToken']}")

    assert [token["idToken"] for token in (*first["items"], *second["items"])] == ["A1", "A2", "A3"]
    assert "nextPageToken" not in second
    assert other.status_code == 422
