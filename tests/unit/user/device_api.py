"""The device service as the user service sees it, with stations that keep local lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Header, Response

from libs.csms.clients.stations import command_id
from libs.csms.web.problems import problem

Json = dict[str, Any]


@dataclass
class FakeStation:
    """Has a local list by the rules of OCPP. ``next_answers`` are what it, or the device service, answers
    instead: a status, a CALLERROR's code, ``silence``, ``never sent``, or the number of an HTTP status.
    ``meanwhile`` happens while the next answer is on its way back.
    """

    connected: bool = True
    ocpp_version: str = "ocpp2.0.1"
    variables: list[Json] = field(default_factory=list)
    version: int = 0
    listed: dict[tuple[str, str], Json] = field(default_factory=dict)
    received: list[Json] = field(default_factory=list)
    next_answers: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    @property
    def tokens(self) -> dict[str, str]:
        """Their statuses."""
        return {token: info["status"] for (token, _), info in self.listed.items()}

    def receive(self, body: Json) -> str:
        self.received.append(body)
        answer = self.next_answers.pop(0) if self.next_answers else ""
        if answer and answer != "silence":
            return answer
        if body["updateType"] == "Differential" and body["versionNumber"] <= self.version:
            return "VersionMismatch"
        entries = body["localAuthorizationList"]
        places = [(entry["idToken"].casefold(), entry["type"].casefold()) for entry in entries]
        if len(set(places)) < len(places):
            return "Failed"
        self.version = body["versionNumber"]
        if body["updateType"] == "Full":
            self.listed = {}
        for place, entry in zip(places, entries, strict=True):
            if "idTokenInfo" in entry:
                self.listed[place] = entry["idTokenInfo"]
            else:
                self.listed.pop(place, None)
        return answer or "Accepted"


class DeviceApi:
    """``calls`` counts what was asked."""

    def __init__(self) -> None:
        self.stations: dict[str, FakeStation] = {}
        self.commands: dict[str, tuple[Json, int, Json]] = {}
        self.calls = 0
        self.down = False

    def missing(self, id: str) -> Response | None:
        self.calls += 1
        if self.down:
            return problem(502, "down")
        return None if id in self.stations else problem(404, "there is no charging station of that id")


def device_paths(api: DeviceApi) -> FastAPI:
    app = FastAPI()

    @app.get("/chargingstations/{id}", response_model=None)
    async def get_station(id: str) -> Any:
        return api.missing(id) or {"id": id}

    @app.get("/chargingstations/{id}/status", response_model=None)
    async def get_status(id: str) -> Any:
        if missing := api.missing(id):
            return missing
        station = api.stations[id]
        return {"id": id, "connected": station.connected, "ocppVersion": station.ocpp_version}

    @app.get("/chargingstations/{id}/variables", response_model=None)
    async def get_variables(id: str, component: str) -> Any:
        assert component == "LocalAuthListCtrlr"
        return api.missing(id) or {"items": api.stations[id].variables}

    @app.post("/chargingstations/{id}/remote/get-local-list-version", response_model=None)
    async def get_version(id: str) -> Any:
        return {"result": {"versionNumber": api.stations[id].version}}

    @app.post("/chargingstations/{id}/remote/send-local-list", response_model=None)
    async def send(id: str, body: Json, idempotency_key: str = Header()) -> Any:
        if missing := api.missing(id):
            return missing
        if idempotency_key not in api.commands:
            station = api.stations[id]
            if not station.connected:
                return problem(409, "the charging station is not connected")
            if station.next_answers and station.next_answers[0].isdecimal():
                return problem(int(station.next_answers.pop(0)), "refused as asked")
            status, answer = _operation(command_id(id, idempotency_key), station.receive(body))
            api.commands[idempotency_key] = body, status, answer
            if station.meanwhile is not None:
                happens, station.meanwhile = station.meanwhile, None
                await happens()
        asked, status, answer = api.commands[idempotency_key]
        assert asked == body, "the same key for another list"
        return problem(504, "no answer", **answer) if status == 504 else answer

    return app


def _operation(id: str, answer: str) -> tuple[int, Json]:
    match answer:
        case "Accepted":
            return 200, {"id": id, "status": "accepted", "stationStatus": answer}
        case "silence":
            return 504, {"commandId": id, "commandStatus": "unknown"}
        case "never sent":
            return 504, {"commandId": id, "commandStatus": "expired"}
        case "Failed" | "VersionMismatch":
            return 200, {"id": id, "status": "rejected", "stationStatus": answer}
        case "NotSupported":
            return 200, {"id": id, "status": "unsupported", "stationStatus": answer}
        case "NotImplemented":
            return 200, {"id": id, "status": "unsupported", "error": {"code": answer, "description": ""}}
    return 200, {"id": id, "status": "error", "error": {"code": answer, "description": "no"}}


def limit(name: str, value: int) -> Json:
    return {"variable": {"name": name}, "attributes": [{"type": "Actual", "value": str(value)}]}


def capacity(most: int) -> Json:
    return {"variable": {"name": "Entries"}, "attributes": [], "characteristics": {"maxLimit": most}}
