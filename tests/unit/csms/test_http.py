from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter

from libs.csms.errors import Conflict
from libs.csms.settings import BadSetting, load
from libs.csms.storage.store import BadPageToken, Document, NotStored, Page
from libs.csms.web.app import Body, create_app
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.csms.web.server import bind, serve

TOKEN = "0123456789abcdef"


class Thing(Document):
    some_name: str


class ThingBody(Body):
    some_name: str


def router() -> APIRouter:
    router = APIRouter()

    @router.post("/things", status_code=201)
    async def create(body: ThingBody) -> Thing:
        return Thing(some_name=body.some_name)

    @router.get("/things", response_model_exclude_none=True)
    async def things(page_size: PageSize = 100, page_token: PageToken = "") -> PageOf[Thing]:
        if page_token:
            raise BadPageToken
        return page_of(Page([Thing(some_name="a")] * min(page_size, 2)))

    @router.get("/problem")
    async def problem() -> None:
        raise Conflict("it is there already", id="a")

    @router.get("/full")
    async def full() -> None:
        raise NotStored

    @router.get("/bug")
    async def bug() -> None:
        raise RuntimeError("secret")

    return router


@asynccontextmanager
async def client(
    ready: Callable[[], bool] = lambda: True, **flags: object
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("Things", router(), load(**flags), ready)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/problem", 409, "it is there already"),
        ("GET", "/nowhere", 404, "Not Found"),
        ("DELETE", "/things", 405, "Method Not Allowed"),
        ("GET", "/things?pageSize=0", 422, "query.pageSize: Input should be greater than or equal to 1"),
        ("GET", "/things?pageToken=x", 422, "pageToken: not a token of this list"),
        ("POST", "/things", 422, "body: Field required"),
        ("GET", "/full", 503, "the store cannot take this write now; try again"),
        ("GET", "/bug", 500, "the service failed; its log says how"),
    ],
)
async def test_every_error_is_a_problem_in_the_callers_terms(
    method: str, path: str, status: int, detail: str
) -> None:
    async with client() as http:
        answer = await http.request(method, path)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["detail"]) == (status, status, detail)


async def test_a_field_that_is_not_known_is_refused_by_its_name() -> None:
    async with client() as http:
        answer = await http.post("/things", json={"someName": "a", "sumName": "b"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"at": "body.sumName", "detail": "Extra inputs are not permitted"}]


async def test_bodies_are_in_camel_case_and_the_last_page_has_no_token() -> None:
    async with client() as http:
        created = await http.post("/things", json={"someName": "a"})
        page = await http.get("/things?pageSize=1")

    assert (created.status_code, created.json()) == (201, {"someName": "a"})
    assert page.json() == {"items": [{"someName": "a"}]}


async def test_the_description_of_the_api_declares_its_errors() -> None:
    async with client() as http:
        operation = (await http.get("/openapi.json")).json()["paths"]["/things"]["post"]

    assert set(operation["responses"]) == {"201", "4XX", "5XX"}
    assert set(operation["responses"]["4XX"]["content"]) == {"application/problem+json"}


@pytest.mark.parametrize("header", ["", "Bearer", f"Basic {TOKEN}", "Bearer wrong", f"Bearer {TOKEN}x"])
async def test_without_the_token_nothing_is_answered_but_health(header: str) -> None:
    async with client(api_token=TOKEN) as http:
        http.headers["Authorization"] = header
        refused = await http.get("/things")
        health = await http.get("/healthz")

    assert (refused.status_code, health.status_code) == (401, 200)
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert TOKEN not in refused.text


async def test_with_the_token_all_is_answered() -> None:
    async with client(api_token=TOKEN) as http:
        answer = await http.get("/things", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200


async def test_a_service_that_is_not_ready_says_so() -> None:
    async with client(ready=lambda: False) as http:
        assert (await http.get("/readyz")).status_code == 503


@pytest.mark.parametrize(("host", "status"), [("0.0.0.0", 401), ("192.0.2.1", 401), ("localhost", 200)])
async def test_an_api_that_needs_no_key_is_for_loopback_only(host: str, status: int) -> None:
    async with client(host=host) as http:
        assert (await http.get("/things")).status_code == status


def test_a_port_that_is_in_use_is_named_with_the_variable_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BadSetting) as raised:
            bind("127.0.0.1", port, "CSMS_DEVICE_PORT")

    text = f"CSMS_DEVICE_PORT={port}: 127.0.0.1:{port} is in use; set CSMS_DEVICE_PORT to another port"
    assert str(raised.value) == text


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_no_interface_is_named(host: str) -> None:
    with pytest.raises(BadSetting, match=f"^CSMS_USER_PORT=0: cannot listen on {host}:0: "):
        bind(host, 0, "CSMS_USER_PORT")


async def test_the_server_answers_from_its_start_until_it_is_cancelled_and_then_frees_its_port() -> None:
    listener, started = bind("127.0.0.1", 0, "CSMS_DEVICE_PORT"), asyncio.Event()
    port = listener.getsockname()[1]
    serving = asyncio.create_task(
        serve(create_app("Things", router(), load()), load(), listener, started.set)
    )
    async with httpx.AsyncClient() as http, asyncio.timeout(10):
        await started.wait()
        assert (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200

    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)

    with socket.create_server(("127.0.0.1", port)):
        pass
