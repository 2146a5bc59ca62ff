"""Every path that a secret can take through the CSMS, and a secret of its own for each."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from tests.e2e.station import Station

from .running_csms import RunningCsms

Json = dict[str, Any]

VERSIONS = {"CS16": "1.6", "CS201": "2.0.1", "CS21": "2.1"}
AT = "2026-03-01T10:00:00Z"

_CANARY = re.compile(r"canary(\d{4})x")
_IN_BASE64 = re.compile("[A-Za-z0-9+/]*(?:Y2FuYXJ5|NhbmFye|jYW5hcn)[A-Za-z0-9+/]*")
"""``canary`` in base64, wherever among three bytes it begins."""


class Canaries:
    def __init__(self) -> None:
        self._places: list[str] = []

    def __call__(self, place: str) -> str:
        """A new secret, which takes the path of this name. Fit for passwords and for tokens."""
        self._places.append(place)
        return f"canary{len(self._places) - 1:04d}x9q7horse"

    def found_in(self, text: str) -> set[str]:
        """The paths whose secrets are in a text, in any case, also in base64."""
        return {self._places[int(number)] for number in _CANARY.findall(_readable(text).casefold())}


def _readable(text: str) -> str:
    """With what base64 in it says that has a canary."""
    urlsafe = text.replace("-", "+").replace("_", "/") if "-" in text or "_" in text else text
    decoded = [
        base64.b64decode(word[start : start + (len(word) - start) // 4 * 4]).decode("latin-1")
        for word in _IN_BASE64.findall(urlsafe)
        for start in range(4)
    ]
    return "\n".join([text, *decoded])


@dataclass
class Aviary:
    """The CSMS through which the canaries fly, and what its clients and stations have received."""

    csms: RunningCsms
    canary: Canaries
    http: httpx.AsyncClient
    token: str
    responses: dict[str, str] = field(default_factory=dict)
    """Bodies and headers of all HTTP responses, by request."""
    stations: dict[str, Station] = field(default_factory=dict)
    frames: list[str] = field(default_factory=list)
    """What stations have received that is no command."""
    _ids: Iterator[int] = field(default_factory=count)

    async def ask(self, method: str, service: str, path: str, **options: Any) -> httpx.Response:
        response = await self.http.request(method, self.csms.apis[service] + path, **options)
        shown = f"{response.status_code} {response.headers}\n{response.text}"
        self.responses[f"{next(self._ids)} {method} {service} {path}"] = shown
        assert response.status_code < 500 or response.status_code == 504, shown
        return response

    async def command(self, station: str, action: str, payload: Json, **parameters: Any) -> httpx.Response:
        path = f"/chargingstations/{station}/commands/{action}"
        return await self.ask("POST", "device", path, json=payload, params={"wait": 10} | parameters)

    async def tell(self, station: str, action: str, payload: Json | list[Any]) -> Any:
        """Send a CALL, and return the whole frame that answers it."""
        return await self.send(station, [2, f"tell-{next(self._ids)}", action, payload])

    async def send(self, station: str, frame: object) -> Any:
        connected = self.stations[station]
        await connected.send(frame)
        answer = await connected.receive()
        self.frames.append(json.dumps(answer))
        return answer


async def bad_handshakes(aviary: Aviary) -> None:
    canary, url = aviary.canary, aviary.csms.gateway

    def basic(text: str) -> str:
        return f"Basic {base64.b64encode(text.encode()).decode()}"

    for id, headers, query in (
        ("CS201", [("Authorization", basic(f"CS201:{canary('wrong password')}"))], ""),
        ("CS201", [("Authorization", basic(f"{canary('user name')}:x"))], ""),
        ("CS201", [("Authorization", f"Bearer {canary('bearer at the gateway')}")], ""),
        ("CS201", [("Authorization", f"Basic {canary('no base64')}!")], ""),
        ("CS201", [("Authorization", basic(canary(f"one of two {n}"))) for n in (1, 2)], ""),
        ("CS201", [], f"?token={canary('query of a station')}"),
        ("nobody", [("Authorization", basic(f"nobody:{canary('unknown station')}"))], ""),
        ("a%2Fb", [("Authorization", basic(canary("bad station id")))], f"?key={canary('query, bad id')}"),
    ):
        with pytest.raises(InvalidStatus) as refused:
            protocols = [Subprotocol("ocpp2.0.1")]
            async with connect(f"{url}/{id}{query}", subprotocols=protocols, additional_headers=headers):
                pass
        response = refused.value.response
        aviary.frames.append(f"{response.headers}\n{response.body!r}")


async def bad_requests(aviary: Aviary) -> None:
    canary, ask = aviary.canary, aviary.ask
    for service in aviary.csms.apis:
        wrong = {"Authorization": f"Bearer {canary(f'wrong API token of {service}')}"}
        assert (await ask("GET", service, "/summary", headers=wrong)).status_code == 401
        await ask("GET", service, "/nothing", params={"token": canary(f"query of {service}")})
        broken = f'{{"secret": "{canary(f"broken body of {service}")}'
        json_type = {"Content-Type": "application/json"}
        for path in ("/chargingstations", "/idtokens", "/transactions"):
            await ask("POST", service, path, content=broken, headers=json_type)
    for name, body in {
        "secret of the wrong type": {"secret": [canary("secret of the wrong type")]},
        "secret that is too long": {"secret": canary("secret that is too long") * 9},
        "secret with control characters": {"secret": "\0" + canary("secret with control characters")},
        "two secrets": {"secret": canary("two secrets, first"), "weakSecret": canary("two secrets")[:15]},
        "unknown field": {"password": canary("unknown field")},
        "no object": canary("body that is no object"),
    }.items():
        response = await ask("POST", "device", "/chargingstations/CS201/credentials", json=body)
        assert response.status_code == 422, name
    admission = {"authorization": f"Basic {canary('admission over HTTP')}", "tls": "no boolean"}
    await ask("POST", "device", "/chargingstations/CS201/admission", json=admission)
    await ask("POST", "device", "/chargingstations/CS201/admission", json=admission | {"tls": True})


async def tokens(aviary: Aviary) -> None:
    """The text of a KeyCode is a PIN."""
    canary, ask = aviary.canary, aviary.ask
    code = {"idToken": canary("KeyCode, registered"), "type": "KeyCode"}
    assert (await ask("POST", "user", "/idtokens", json=code)).status_code == 201
    assert (await ask("POST", "user", "/idtokens", json=code)).status_code == 409
    await ask("POST", "user", "/authorizations", json=code)
    await ask("POST", "user", "/authorizations", json=code | {"idToken": canary("KeyCode, asked about")})
    for bad in ({"status": "Splendid"}, {"expiryDateTime": "soon"}, {"idToken": canary("long KeyCode") * 30}):
        response = await ask("POST", "user", "/idtokens", json=code | bad)
        assert response.status_code == 422, bad


async def people(aviary: Aviary) -> None:
    """Who mistakes the fields types the password as the user name."""
    canary = aviary.canary
    first, second = canary("password of a person"), canary("changed password of a person")
    body = {"id": "anna", "name": "Anna", "role": "admin", "password": first}
    assert (await aviary.ask("POST", "user", "/users", json=body)).status_code == 201
    assert (await aviary.ask("POST", "user", "/users", json=body)).status_code == 409
    for bad in ({"id": "Anna"}, {"password": [first]}, {"password": canary("long password") * 90}):
        assert (await aviary.ask("POST", "user", "/users", json=body | bad)).status_code == 422
    async with httpx.AsyncClient(timeout=30) as browser:
        browsing = replace(aviary, http=browser)

        async def sign_in(password: str, **fields: str) -> httpx.Response:
            body = {"user": "anna", "password": password} | fields
            return await browsing.ask("POST", "user", "/sessions", json=body)

        assert (await sign_in(canary("wrong password of a person"))).status_code == 401
        assert (await sign_in(first, user=canary("password as the user name"))).status_code == 401
        assert (await sign_in("wrong", oneTimePassword=canary("one-time password"))).status_code == 401
        assert (await sign_in(first, hint=canary("unknown field of a sign-in"))).status_code == 422
        browser.headers["X-CSRF-Token"] = (await sign_in(first)).json()["csrfToken"]
        changed = {"oldPassword": first, "newPassword": second}
        assert (await browsing.ask("PUT", "user", "/me/password", json=changed)).status_code == 204
        assert (await browsing.ask("PUT", "user", "/me/password", json=changed)).status_code == 403
        await browsing.ask("POST", "user", "/me/totp", json={"password": canary("wrong, for an app")})
        assert (await browsing.ask("POST", "user", "/me/totp", json={"password": second})).status_code == 201
        await browsing.ask("POST", "user", "/me/totp/confirm", json={"oneTimePassword": canary("first code")})
        browser.headers["X-CSRF-Token"] = canary("wrong CSRF token")
        assert (await browsing.ask("DELETE", "user", "/sessions/current")).status_code == 403
        browser.cookies.clear()
        browser.headers["Cookie"] = f"csms-session=anna:{canary('cookie'):x<43}"
        assert (await browsing.ask("GET", "user", "/me")).status_code == 401
    reset = {"password": canary("password that an administrator sets")}
    assert (await aviary.ask("PATCH", "user", "/users/anna", json=reset)).status_code == 200


NETWORK_PROFILE = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example",
    "messageTimeout": 30,
    "securityProfile": 2,
    "ocppInterface": "Wireless0",
}


def commands_with(canary: Canaries, how: str) -> list[tuple[str, str, Json]]:
    """Every command that carries a secret: station, action and payload."""

    def secret(place: str) -> str:
        return canary(f"{place}, {how}")

    def url(place: str) -> str:
        return f"ftp://user:{secret(place)}@files.example/a"

    def variable(name: str) -> Json:
        component = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": name}}
        return component | {"attributeValue": secret(f"SetVariables {name}")}

    def key_code(place: str) -> Json:
        return {"idToken": secret(place), "type": "KeyCode"}

    apn = {"apn": "a", "apnAuthentication": "PAP", "apnPassword": secret("APN password")}
    vpn = {"server": "s", "user": "u", "password": secret("VPN password"), "key": secret("VPN key")}
    profile = NETWORK_PROFILE | {"apn": apn, "vpn": vpn | {"type": "IPSec"}}
    log = {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": url("GetLog")}}
    firmware = {"requestId": 1, "firmware": {"location": url("UpdateFirmware 2.x"), "retrieveDateTime": AT}}
    local_list = {"updateType": "Full", "versionNumber": 1}
    entry = {"idToken": key_code("SendLocalList"), "idTokenInfo": {"status": "Accepted"}}
    reservation = {"id": 1, "expiryDateTime": "2099-01-01T00:00:00Z", "idToken": key_code("ReserveNow")}
    data = json.dumps({"password": secret("DataTransfer")})
    return [
        ("CS16", "ChangeConfiguration", {"key": "AuthorizationKey", "value": secret("AuthorizationKey")}),
        ("CS16", "GetDiagnostics", {"location": url("GetDiagnostics")}),
        ("CS16", "UpdateFirmware", {"location": url("UpdateFirmware 1.6"), "retrieveDate": AT}),
        ("CS16", "DataTransfer", {"vendorId": "V", "data": data}),
        ("CS201", "SetVariables", {"setVariableData": [variable("BasicAuthPassword")]}),
        ("CS201", "SetNetworkProfile", {"configurationSlot": 1, "connectionData": profile}),
        ("CS201", "GetLog", log),
        ("CS201", "UpdateFirmware", firmware),
        ("CS201", "SendLocalList", local_list | {"localAuthorizationList": [entry]}),
        ("CS201", "ReserveNow", reservation),
        (
            "CS201",
            "RequestStartTransaction",
            {"remoteStartId": 1, "idToken": key_code("RequestStartTransaction")},
        ),
        ("CS201", "DataTransfer", {"vendorId": "V", "data": {"token": key_code("DataTransfer 2.x")}}),
        (
            "CS21",
            "SetNetworkProfile",
            {
                "configurationSlot": 1,
                "connectionData": NETWORK_PROFILE
                | {"identity": "CS21", "basicAuthPassword": secret("SetNetworkProfile 2.1")},
            },
        ),
    ]


async def commands(aviary: Aviary) -> None:
    """To stations that take them, refuse them in words that repeat them, and answer what OCPP does not know;
    with payloads against their schemas; to many stations.
    """
    accepted: dict[str, str] = {"ChangeConfiguration": "Accepted"}
    for how in ("accepted", "refused", "answered badly"):
        for station, action, payload in commands_with(aviary.canary, how):
            if action == "RequestStartTransaction":
                token = payload["idToken"] | {"status": "Accepted"}
                await aviary.ask("POST", "user", "/idtokens", json=token)
            sending = asyncio.create_task(aviary.command(station, action, payload))
            expecting = asyncio.create_task(aviary.stations[station].expect(action))
            await asyncio.wait([sending, expecting], return_when=asyncio.FIRST_COMPLETED)
            if not expecting.done():
                expecting.cancel()
                raise AssertionError((await sending).text)
            received = await expecting
            if how == "accepted":
                await received.answer({"status": accepted.get(action, "Accepted")} | _result_of(payload))
            elif how == "refused":
                await received.refuse("InternalError", f"what is {json.dumps(received.payload)}?")
            else:
                await received.answer({"status": received.payload, "password": aviary.canary("bad answer")})
            await sending
    for station, action, payload in commands_with(aviary.canary, "against the schema"):
        response = await aviary.command(
            station, action, payload | {"more": aviary.canary("unknown property")}
        )
        assert response.status_code == 422, response.text
    for _, action, payload in commands_with(aviary.canary, "to many"):
        body = {"selection": {"ids": ["CS16", "CS201", "offline"]}, "payload": payload}
        await aviary.ask("POST", "device", f"/commands/{action}", json=body)
    for _, action, payload in commands_with(aviary.canary, "never delivered"):
        await aviary.command("offline", action, payload)
        await aviary.command("offline", action, payload, deliver="when-online")


def _result_of(payload: Json) -> Json:
    """What a response to SetVariables has more."""
    match payload:
        case {"setVariableData": [{"component": component, "variable": variable}]}:
            result = {"attributeStatus": "Accepted", "component": component, "variable": variable}
            return {"setVariableResult": [result]}
    return {}


async def configuration(aviary: Aviary) -> None:
    """Secrets in what stations say of themselves."""
    canary = aviary.canary
    key = {"key": "AuthorizationKey", "readonly": False, "value": canary("GetConfiguration")}
    sending = asyncio.create_task(aviary.command("CS16", "GetConfiguration", {"key": ["AuthorizationKey"]}))
    asked = await aviary.stations["CS16"].expect("GetConfiguration", key=["AuthorizationKey"])
    await asked.answer({"configurationKey": [key]})
    await sending
    names = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    sending = asyncio.create_task(aviary.command("CS201", "GetVariables", {"getVariableData": [names]}))
    result = names | {"attributeStatus": "Accepted", "attributeValue": canary("GetVariables")}
    await (await aviary.stations["CS201"].expect("GetVariables")).answer({"getVariableResult": [result]})
    await sending
    attribute = [{"value": canary("NotifyReport"), "mutability": "WriteOnly"}]
    report = {"requestId": 7, "generatedAt": AT, "seqNo": 0, "tbc": False}
    await aviary.tell(
        "CS201", "NotifyReport", report | {"reportData": [names | {"variableAttribute": attribute}]}
    )
    event = names | {
        "eventId": 1,
        "timestamp": AT,
        "trigger": "Delta",
        "actualValue": canary("NotifyEvent"),
        "eventNotificationType": "CustomMonitor",
    }
    await aviary.tell("CS201", "NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [event]})


async def station_messages(aviary: Aviary) -> None:
    canary, tell = aviary.canary, aviary.tell

    def code(place: str, **more: Any) -> Json:
        return {"idToken": {"idToken": canary(place), "type": "KeyCode"} | more}

    for station in ("CS201", "CS21"):
        await tell(station, "Authorize", code(f"Authorize of {station}"))
        await tell(station, "Authorize", code(f"Authorize of {station} in lower case", type="keycode"))
        await tell(station, "Authorize", code(f"Authorize of {station} with more", vendorExtra=1))
        await tell(station, "Authorize", {"idToken": {"idToken": canary("number"), "type": 5}} | {"x": 1})
        await tell(
            station, "Authorize", code(f"Authorize of {station}, too long", idToken=canary("long") * 50)
        )
        await tell(station, "authorize", code(f"Authorize of {station}, misspelled"))
        await tell(station, "Authorise", code(f"unknown action of {station}"))
        await tell(station, "Authorize", [code(f"list of {station}")])
        info = {"transactionId": f"T-{station}"}
        started = {"eventType": "Started", "timestamp": AT, "triggerReason": "Authorized", "seqNo": 0}
        transaction = started | {"transactionInfo": info, "evse": {"id": 1}}
        await tell(station, "TransactionEvent", transaction | code(f"TransactionEvent of {station}"))
        for n, bad in enumerate(({"seqNo": "x"}, {"timestamp": "soon"}, {"eventType": None}, {"evse": 1})):
            await tell(
                station, "TransactionEvent", transaction | code(f"refused event {n} of {station}") | bad
            )
        sloppy = {
            "seqNo": "1",
            "eventType": "updated",
            "offline": "true",
            "password": canary("unknown field"),
        }
        repaired = {"groupIdToken": {"idToken": canary("repaired group"), "type": "KEYCODE"}}
        await tell(station, "TransactionEvent", transaction | code("repaired event") | sloppy | repaired)
    for n, text in enumerate(
        (
            '[2, "m", "Authorize", {"idToken": {"idToken": "%s", "type": "KeyCode"}',
            '[2, "m", "Authorize", {"idToken": {"idToken": "%s", "type": "KeyCode"}}, 1, 2]',
            '{"password": "%s"}',
            '[2, "m", "TransactionEvent", {"idToken": {"idToken": "%s", "type": "KeyCode"}}, null]',
            '[2, "m", "TransactionEvent", {"idToken": {"type": "KeyCode", "idToken": "%s"',
            '[9, "m", {"basicAuthPassword": "%s"}]',
            '[2, {"password": "%s"}, "Heartbeat", {}]',
        )
    ):
        await aviary.send("CS201", text % canary(f"malformed frame {n}"))
    for frame in (
        [3, "no-such-command", {"password": canary("CALLRESULT of nothing")}],
        [4, "no-such-command", "InternalError", f"password={canary('CALLERROR of nothing')}", {}],
        [5, "no-such-call", "InternalError", f"password={canary('CALLRESULTERROR')}", {}],
        [6, "send", "NotifyPeriodicEventStream", {"password": canary("SEND")}],
        [6, "send", "NoAction", {"password": canary("SEND of an unknown action")}],
    ):
        await aviary.stations["CS21"].send(frame)
    await tell("CS21", "Heartbeat", {})  # so that these have been handled
    for station in VERSIONS:
        data = json.dumps({"password": canary(f"DataTransfer of {station}")})
        await tell(station, "DataTransfer", {"vendorId": "V", "data": data})
    url = f"https://u:{canary('URL in techInfo')}@logs.example"
    await tell("CS201", "SecurityEventNotification", {"type": "T", "timestamp": AT, "techInfo": url})
    published = {
        "status": "Published",
        "location": [f"ftp://u:{canary('URL of firmware')}@x"],
        "requestId": 1,
    }
    await tell("CS201", "PublishFirmwareStatusNotification", published)


async def dead_letters(aviary: Aviary) -> None:
    """Messages that no handler can read, of a kind that carries secrets."""
    for n, data in enumerate(
        (
            '{"idToken": {"idToken": "%s", "type": "KeyCode"',
            '{"idToken": {"idToken": ["%s"], "type": "KeyCode"}}',
            '{"connectionData": {"basicAuthPassword": "%s"}}',
            '"ftp://user:%s@files.example"',
        )
    ):
        message = Message(
            data=(data % aviary.canary(f"dead letter {n}")).encode(),
            message_id=f"dead-{n}",
            station_id="CS201",
            action="Authorize" if n < 2 else "BootNotification",
            kind=Kind.CALL,
            sent_at=AT,
            origin=Direction.FROM_STATION,
            ocpp_version=Version.V201,
        )
        await aviary.csms.bus.publish(f"{message.action}Request", message)
    async with asyncio.timeout(60):
        while (await aviary.ask("GET", "device", "/summary")).json()["deadLetters"] < 4:
            await asyncio.sleep(0.05)


PATHS = (
    bad_handshakes,
    bad_requests,
    tokens,
    people,
    configuration,
    station_messages,
    commands,
    dead_letters,
)
