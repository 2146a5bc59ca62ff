"""Commands and the live log in a real browser: what a person sends, and what he then sees."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Page, expect

from ..sessions import Session2
from ..station import booted_station
from ..system import System
from .test_stories import page

__all__ = ["page"]

ACCEPTED = {"status": "Accepted"}

RESET = {"1.6": "Soft", "2.0.1": "Immediate", "2.1": "Immediate"}


@pytest.fixture
async def cs(embedded_csms: System, name: str) -> str:
    """The id of a registered station."""
    await embedded_csms.register(f"SENT-{name}")
    return f"SENT-{name}"


@pytest.fixture
async def tag(embedded_csms: System, name: str) -> str:
    """A token that may charge."""
    await embedded_csms.token(f"TAG-{name}")
    return f"TAG-{name}"


async def choose(page: Page, name: str) -> None:
    await page.get_by_label("What to send").select_option(name)
    await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


@pytest.mark.parametrize("version", list(RESET))
async def test_a_reset_is_sent_by_the_form_of_the_stations_version(
    page: Page, embedded_csms: System, cs: str, version: str
) -> None:
    async with booted_station(embedded_csms.gateways[0], cs, version) as station:
        station.answers["Reset"] = ACCEPTED
        await page.goto(f"/stations/{cs}/commands")
        await choose(page, "Reset")
        form = page.locator("#as-form")
        await form.get_by_label("type", exact=False).first.select_option(RESET[version])
        await expect(page.get_by_label("Payload as JSON")).to_have_value(re.compile(RESET[version]))

        await form.get_by_role("button", name="Send").click()

        await expect(page.locator("#answer")).to_contain_text("The station accepted.")
        journal = page.get_by_role("table", name="Journal")
        await expect(journal.get_by_role("row", name="Reset").first).to_contain_text("answered")


async def test_a_wrong_payload_is_not_sent_and_the_message_stands_at_its_field(
    page: Page, embedded_csms: System, cs: str
) -> None:
    async with booted_station(embedded_csms.gateways[0], cs, "1.6"):
        await page.goto(f"/stations/{cs}/commands?send=UnlockConnector")
        field = page.locator("#as-form").get_by_role("textbox").first
        await field.fill("one")
        await page.locator("#as-form").get_by_role("button", name="Send", exact=True).click()

        field = page.locator("#as-form").get_by_role("textbox").first
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_value("one")
        await expect(page.locator("#as-form")).to_contain_text("must be a whole number")
        await expect(page.get_by_text("No command yet.")).to_be_visible()


async def test_what_is_typed_as_json_is_seen_in_the_form(page: Page, embedded_csms: System, cs: str) -> None:
    async with booted_station(embedded_csms.gateways[0], cs, "1.6"):
        await page.goto(f"/stations/{cs}/commands?send=ChangeConfiguration")
        typed = json.dumps({"key": "HeartbeatInterval", "value": "77"})
        await page.get_by_label("Payload as JSON").fill(typed)
        await page.get_by_label("Payload as JSON").blur()

        await expect(page.locator("#payload-key")).to_have_value("HeartbeatInterval")


async def test_a_session_is_started_by_a_form_and_its_transaction_appears(
    page: Page, embedded_csms: System, cs: str, tag: str
) -> None:
    async with booted_station(embedded_csms.gateways[0], cs) as station:
        await page.goto(f"/stations/{cs}/commands?send=start-session")
        await page.locator("#payload-idToken").fill(tag)
        await page.locator("#payload-evseId").fill("1")
        starting = asyncio.create_task(station.expect("RequestStartTransaction"))
        send = page.locator("#as-form").get_by_role("button", name="Send", exact=True)
        await send.click(no_wait_after=True)
        command = await starting
        await command.answer(ACCEPTED)
        charging = Session2(station, "TX-1", tag)
        info = {"remoteStartId": command.payload["remoteStartId"]}
        started = charging.event("Started", 0, 0, "Transaction.Begin", info=info)
        answer = await station.call(
            "TransactionEvent", started | {"evse": charging.evse, "triggerReason": "RemoteStart"}
        )
        assert "idTokenInfo" in answer or answer == {}

        link = page.locator("#answer").get_by_role("link", name="The transaction that it started: TX-1")
        await expect(link).to_be_visible()


async def test_the_live_log_shows_a_call_and_its_answer_without_a_reload(
    page: Page, embedded_csms: System, cs: str
) -> None:
    async with booted_station(embedded_csms.gateways[0], cs) as station:
        station.answers["ClearCache"] = ACCEPTED
        await page.goto(f"/stations/{cs}/log")
        log = page.get_by_role("table", name="Messages, newest first")
        heartbeat = log.get_by_role("row", name="Heartbeat").first
        for _ in range(100):
            await station.call("Heartbeat", {})
            if await heartbeat.count():
                break
            await asyncio.sleep(0.1)

        await expect(heartbeat).to_contain_text("answered")
        await expect(heartbeat).to_contain_text("ms")
        await heartbeat.get_by_text("JSON").click()
        await expect(heartbeat.locator("pre").nth(1)).to_contain_text("currentTime")

        await page.get_by_role("button", name="Pause").click()
        await station.call("Heartbeat", {})
        url = f"{embedded_csms.device}/chargingstations/{cs}/commands/ClearCache"
        assert (await embedded_csms.http.post(url, json={})).status_code == 200
        await page.get_by_role("button", name="Pause").click()
        cleared = log.get_by_role("row", name="ClearCache")
        await expect(cleared).to_contain_text("to the station")
        await expect(cleared).to_contain_text("answered")

        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="Download as JSON lines").click()
        path = await (await downloading.value).path()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert "ClearCache" in {line["action"] for line in lines}
        assert {"in", "out"} == {line["direction"] for line in lines}


async def test_what_three_of_fifty_stations_refuse_is_repeated_at_those(
    page: Page, embedded_csms: System, name: str
) -> None:
    ids = [f"MANY-{name}-{number:02}" for number in range(50)]
    await embedded_csms.register(*ids)
    async with AsyncExitStack() as stack:
        connecting = (booted_station(embedded_csms.gateways[0], id, "1.6") for id in ids)
        stations = [await stack.enter_async_context(one) for one in connecting]
        for number, station in enumerate(stations):
            station.answers["ClearCache"] = {"status": "Rejected"} if number < 3 else ACCEPTED
        await page.goto("/commands/many?version=ocpp1.6&send=ClearCache")
        await page.get_by_label("Ids, one a line").fill("\n".join(ids))
        await page.locator("#as-form").get_by_role("button", name="Send", exact=True).click()

        await expect(page.get_by_role("heading", name="ClearCache done")).to_be_visible()
        failed = page.get_by_role("table", name="Why it failed")
        await expect(failed.get_by_role("row", name="Rejected")).to_contain_text("3")
        for station in stations[:3]:
            station.answers["ClearCache"] = ACCEPTED
        first = page.url
        await page.get_by_role("button", name="Repeat it at 3 stations").click()

        await expect(page.get_by_role("heading", name="ClearCache done")).to_be_visible()
        assert page.url != first
        await expect(page.get_by_role("status").first).to_contain_text("3 stations")
        await expect(page.get_by_role("table", name="Stations")).to_contain_text(ids[2])
        await expect(page.get_by_text("Why it failed")).to_have_count(0)


async def test_without_script_a_list_is_filled_and_sent(
    browser: Browser, embedded_csms: System, cs: str
) -> None:
    async with (
        booted_station(embedded_csms.gateways[0], cs, "1.6") as station,
        await browser.new_context(base_url=embedded_csms.console, java_script_enabled=False) as context,
    ):
        station.answers["GetConfiguration"] = {"unknownKey": ["Colour"]}
        page = await context.new_page()
        await page.goto(f"/stations/{cs}/commands")
        await page.get_by_label("What to send").select_option("GetConfiguration")
        await page.get_by_role("button", name="Choose").click()
        await page.get_by_role("button", name="Add key").click()
        await page.get_by_role("button", name="Add one to key").click()
        await page.locator("[name='payload.key.0']").fill("Colour")
        await page.locator("#as-form").get_by_role("button", name="Send", exact=True).click()

        await expect(page.locator("#answer")).to_contain_text("Colour")
        await page.goto(f"/stations/{cs}/log")
        await expect(page.get_by_role("row", name="GetConfiguration").first).to_contain_text("answered")
