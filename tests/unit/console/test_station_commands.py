"""Commands of a station: sent by a form or as JSON, refused at the field, answered in words."""

from __future__ import annotations

import json
import shlex

import pytest

from libs.csms.access.scopes import Role
from libs.csms.storage.store import Query
from libs.ocpp_messages.version import Version

from .commanded import REFUSED, answering, connect
from .conftest import Console, Shown

ACCEPTED = {"status": "Accepted"}

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

RESET = {Version.V16: "Soft", Version.V201: "Immediate", Version.V21: "Immediate"}


async def posted(console: Console, path: str, status: int, **fields: str) -> Shown:
    response = await console.browser.post(path, data=fields)
    assert response.status_code == status, response.text
    return Shown(response.text)


async def test_operations_and_all_commands_of_the_version_can_be_chosen(console: Console) -> None:
    await connect(console, "CS1", Version.V16)

    shown = await console.page("/stations/CS1/commands")

    assert len(shown.all("optgroup")) == 2
    assert "start-session" in shown.words
    assert "RemoteStartTransaction" in shown.words
    assert "SetVariables" not in shown.words
    assert "No command yet." in shown.text


async def test_a_station_that_was_never_here_has_operations_only(console: Console) -> None:
    await console.register("CS1")

    shown = await console.page("/stations/CS1/commands")

    assert len(shown.all("optgroup")) == 1
    assert (await console.browser.get("/stations/CS1/commands?send=Reset")).status_code == 404


@pytest.mark.parametrize("version", list(Version))
async def test_a_command_is_sent_by_its_form_and_answered_in_words(
    console: Console, version: Version
) -> None:
    await connect(console, "CS1", version)
    path = "/stations/CS1/commands?send=Reset"
    assert (await console.page(path)).all("select", name="payload.type")

    async with answering(console, Reset=ACCEPTED) as station:
        shown = await posted(console, path, 200, **{"payload": "{}", "payload.type": RESET[version]})

    assert station.payloads == [{"type": RESET[version]}]
    assert "answered The station accepted." in shown.text
    journal = await console.page("/stations/CS1/commands")
    assert "Reset" in journal.words
    assert RESET[version] in journal.text


async def test_what_breaks_the_schema_is_not_sent_and_stands_at_its_field(console: Console) -> None:
    await connect(console, "CS1", Version.V201)

    shown = await posted(
        console, "/stations/CS1/commands?send=Reset", 422, **{"payload": "{}", "payload.type": "Hard"}
    )

    [field] = shown.all("select", name="payload.type")
    assert field["aria-invalid"] == "true"
    assert "must be one of" in shown.text
    assert "No command yet." in shown.text


async def test_a_payload_is_sent_as_the_json_that_was_typed(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    typed = '{"connectorId": 1, "chargingProfilePurpose": "TxProfile", "stackLevel": 0}'

    async with answering(console, ClearChargingProfile=ACCEPTED) as station:
        shown = await posted(
            console, "/stations/CS1/commands?send=ClearChargingProfile", 200, act="send-json", json=typed
        )

    assert station.payloads == [json.loads(typed)]
    assert "The station accepted." in shown.text


async def test_form_and_json_are_two_views_of_one_payload(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    path = "/stations/CS1/commands?send=GetConfiguration"

    of_json = await posted(console, path, 200, act="show-json", json='{"key": ["HeartbeatInterval"]}')
    of_form = await console.browser.post(
        path,
        data={
            "act": "show",
            "payload": "{}",
            "payload.key": "[]",
            "payload.key.0": "MeterValueSampleInterval",
        },
    )
    more = await posted(console, path, 200, **{"payload": "{}", "add": "payload.key"})

    assert of_json.all("input", name="payload.key.0", value="HeartbeatInterval")
    assert "MeterValueSampleInterval" in of_form.text.partition("<textarea")[2].partition("</textarea>")[0]
    assert more.all("input", name="payload.key")
    assert (await console.devices.commands.commands.count({"stationId": "CS1"})) == 0


async def test_a_payload_that_is_too_large_for_a_form_is_sent_as_json(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    tokens = [{"idTag": f"TAG{number}", "idTagInfo": {"status": "Accepted"}} for number in range(1_500)]
    payload = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": tokens}
    path = "/stations/CS1/commands?send=SendLocalList"

    async with answering(console, SendLocalList=ACCEPTED) as station:
        await posted(console, path, 200, act="send-json", json=json.dumps(payload))
    payload["updateType"] = "Half"
    wrong = await posted(console, path, 422, act="send-json", json=json.dumps(payload))

    assert len(station.payloads[0]["localAuthorizationList"]) == 1_500
    assert "must be one of Differential, Full" in wrong.text


async def test_text_that_is_no_json_stays_and_says_why(console: Console) -> None:
    await connect(console, "CS1", Version.V16)

    response = await console.browser.post(
        "/stations/CS1/commands?send=Reset",
        data={"act": "send-json", "json": '{"type": Soft}', "payload": "{}", "payload.type": ""},
    )

    assert response.status_code == 422
    assert "not JSON" in response.text
    assert "{&#34;type&#34;: Soft}" in response.text


async def test_an_operation_is_sent_and_its_answer_shown(console: Console) -> None:
    await connect(console, "CS1", Version.V16)

    async with answering(console, Reset=ACCEPTED) as station:
        shown = await posted(
            console,
            "/stations/CS1/commands?send=reset",
            200,
            **{"payload": "{}", "payload.type": "Immediate"},
        )

    assert station.payloads == [{"type": "Hard"}]
    assert "The station accepted." in shown.text


async def test_an_error_of_the_station_says_that_nothing_was_carried_out(console: Console) -> None:
    await connect(console, "CS1", Version.V201)

    async with answering(console, ClearCache=REFUSED):
        shown = await posted(console, "/stations/CS1/commands?send=ClearCache", 200, payload="{}")

    assert "The station answered with an error: NotSupported" in shown.text
    assert "no such thing here" in shown.text


async def test_a_station_that_is_away_is_said_to_be_and_what_was_typed_stays(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    connections = console.devices.connectivity.connections
    await connections.update("CS1", lambda known: known.changed(connected=False))  # type: ignore[union-attr]

    shown = await posted(
        console,
        "/stations/CS1/commands?send=ChangeConfiguration",
        409,
        **{"payload": "{}", "payload.key": "HeartbeatInterval", "payload.value": "77", "wait": "0"},
    )

    assert "not connected" in shown.text
    assert shown.all("input", name="payload.key", value="HeartbeatInterval")


async def test_a_command_waits_for_a_station_that_is_away_and_is_taken_back(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    connections = console.devices.connectivity.connections
    await connections.update("CS1", lambda known: known.changed(connected=False))  # type: ignore[union-attr]
    sent = {"payload": "{}", "whenOnline": "on", "ttl": "600", "wait": "0", "key": "only-once"}

    shown = await posted(console, "/stations/CS1/commands?send=ClearCache", 200, **sent)
    again = await posted(console, "/stations/CS1/commands?send=ClearCache", 200, **sent)

    assert "queued It waits to be sent." in shown.text
    assert "queued" in again.text
    [form] = [one for one in again.all("form") if str(one.get("action")).endswith("/cancel")]
    back = await console.browser.post(str(form["action"]))
    assert back.status_code == 303
    taken = await console.page(back.headers["Location"])
    assert "expired Never sent: its time was over, or it was taken back." in taken.text


async def test_a_command_is_sent_again_with_its_payload(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    async with answering(console, ChangeConfiguration=ACCEPTED):
        shown = await posted(
            console,
            "/stations/CS1/commands?send=ChangeConfiguration",
            200,
            **{"payload": "{}", "payload.key": "HeartbeatInterval", "payload.value": "77"},
        )
    [again] = [link for link in shown.all("a") if "like=" in str(link["href"])]

    assert (await console.page(str(again["href"]))).all(
        "input", name="payload.key", value="HeartbeatInterval"
    )


async def test_copy_as_curl_has_the_request_and_no_key(console: Console) -> None:
    await console.sign_in("otto", Role.OPERATOR)
    await connect(console, "CS1", Version.V16)

    shown = await console.page("/stations/CS1/commands?send=UnlockConnector")

    [button] = [one for one in shown.all("button") if "data-copies" in one]
    copied = shlex.split(str(button["data-copies"]))
    assert "http://localhost:5000/chargingstations/CS1/commands/UnlockConnector?wait=30" in copied
    assert "Authorization: Bearer $CSMS_KEY" in copied
    assert copied[-1] == "{}"


async def test_who_may_not_send_sees_the_journal_only(console: Console) -> None:
    await console.sign_in("vera", Role.VIEWER)
    await connect(console, "CS1", Version.V16)

    shown = await console.page("/stations/CS1/commands?send=Reset")

    assert "Journal" in shown.text
    assert not shown.all("select", name="payload.type")
    token = shown.all("input", name="csrf")[0]["value"] or ""
    refused = await posted(
        console,
        "/stations/CS1/commands?send=Reset",
        403,
        payload="{}",
        **{"payload.type": "Soft", "csrf": token},
    )
    assert "commands:raw" in refused.text or "scope" in refused.text


async def test_a_command_of_another_station_is_not_shown(console: Console) -> None:
    await connect(console, "CS1", Version.V16)
    await connect(console, "CS2", Version.V16)
    async with answering(console, ClearCache=ACCEPTED):
        await posted(console, "/stations/CS1/commands?send=ClearCache", 200, payload="{}")
    found = await console.devices.commands.commands.find(Query({"stationId": "CS1"}))

    assert (await console.browser.get(f"/stations/CS2/commands?id={found.items[0].id}")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/stations/CS1/commands?send=../../keys",
        "/stations/CS1/commands?send=NoSuchCommand",
        "/stations/CS1/commands?id=..%2Fbatches",
        "/stations/CS1/commands?like=%3Cscript%3E&send=Reset",
        "/commands/many?send=%3Cscript%3E",
        "/commands/batches/%2E%2E",
    ],
)
async def test_what_is_not_there_is_said_not_to_be(console: Console, path: str) -> None:
    await connect(console, "CS1", Version.V16)

    response = await console.browser.get(path)

    assert response.status_code == 404
    assert "<script>" not in response.text


async def test_a_form_that_no_page_has_is_refused(console: Console) -> None:
    await connect(console, "CS1", Version.V16)

    twice = await console.browser.post(
        "/stations/CS1/commands?send=Reset", content="payload=%7B%7D&payload=%7B%7D", headers=FORM
    )
    nothing = await console.browser.post("/stations/CS1/commands", data={"payload": "{}"})

    assert (twice.status_code, nothing.status_code) == (422, 422)
    assert await console.devices.commands.commands.count({"stationId": "CS1"}) == 0


async def test_a_rule_that_only_the_service_knows_stands_at_its_field(console: Console) -> None:
    await connect(console, "CS1", Version.V16)

    shown = await posted(
        console,
        "/stations/CS1/commands?send=reset",
        422,
        **{"payload": "{}", "payload.type": "Immediate", "payload.evseId": "1"},
    )

    [field] = shown.all("input", name="payload.evseId")
    assert field["aria-invalid"] == "true"
    assert "resets whole stations only" in shown.text


async def test_the_page_speaks_german(console: Console) -> None:
    await connect(console, "CS1", Version.V16)

    shown = await console.page("/stations/CS1/commands?send=Reset", headers={"Accept-Language": "de"})

    assert "Befehle von ocpp1.6" in [one.get("label") for one in shown.all("optgroup")]
    assert "Noch kein Befehl." in shown.text
