"""What local lists cost: writes for large changes, reads while nothing happens, room in a document."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from libs.ocpp_messages.mappings import TokenStatus
from services.user.local_list.model import LocalList
from services.user.local_list.service import MAX_TEXT_BYTES, MAX_TOKENS
from services.user.local_list.sync import POLL_INTERVAL, SyncLoop
from services.user.service import User
from services.user.tokens.model import IdToken, token_key

from .device_api import limit
from .local_list_messages import given
from .world import LIST, Operations, Recorded, World

FIRESTORE_DOCUMENT_BYTES = 1024 * 1024
RFID_TOKENS = [f"04{number:012X}" for number in range(MAX_TOKENS)]


async def registered(user: User, texts: list[str], status: TokenStatus = "Accepted", **fields: Any) -> None:
    """As if clients had done so, one after another, long ago."""
    tokens = [IdToken(id_token=text, status=status, **fields) for text in texts]
    puts = (user.tokens.documents.put(token_key(token.id_token or ""), token) for token in tokens)
    await asyncio.gather(*puts)


async def changed(user: User, texts: list[str], **fields: Any) -> None:
    """They are blocked, as if clients had done so at the same time."""
    changes = user.tokens.changes
    noted = await asyncio.gather(*(changes.begin(token_key(text)) for text in texts))
    await registered(user, texts, "Blocked", **fields)
    for change in noted:
        changes.complete(change)


@pytest.mark.parametrize(("items", "most_writes"), [(None, 60), (1000, 12)])
async def test_a_change_of_5000_tokens_costs_tens_of_writes(
    csms: World, items: int | None, most_writes: int
) -> None:
    csms.station.variables = [limit("ItemsPerMessage", items)] if items else []
    await registered(csms.user, RFID_TOKENS)
    operations = Operations()
    process = csms.observed(operations)

    await process.user.local_lists.replace(csms.device_client, "CS1", RFID_TOKENS)
    await process.work()

    assert len(csms.station.listed) == MAX_TOKENS
    assert (await csms.state())["status"] == "synchronized"
    assert operations.writes <= most_writes
    assert operations.writes <= len(csms.station.received) + 3


async def test_5000_tokens_that_change_cost_a_list_tens_of_writes(csms: World) -> None:
    """Besides the writes of the tokens, and of the note for each of them."""
    csms.station.variables = [limit("ItemsPerMessage", 1000)]
    await registered(csms.user, RFID_TOKENS)
    await csms.user.local_lists.replace(csms.device_client, "CS1", RFID_TOKENS)
    await csms.work()
    await changed(csms.user, RFID_TOKENS)
    operations = Operations()

    await csms.observed(operations).work()

    assert set(csms.station.tokens.values()) == {"Blocked"}
    assert operations.writes - MAX_TOKENS <= 12  # every note is removed


async def test_one_token_that_changes_costs_a_long_list_a_handful_of_operations(csms: World) -> None:
    await registered(csms.user, RFID_TOKENS)
    await csms.user.local_lists.replace(csms.device_client, "CS1", RFID_TOKENS)
    await csms.work()
    csms.station.received.clear()
    await csms.client.patch(f"/idtokens/{RFID_TOKENS[7]}", json={"status": "Blocked"})
    operations = Operations()

    await csms.observed(operations).work()

    [message] = csms.station.received
    assert [entry["idToken"] for entry in message["localAuthorizationList"]] == [RFID_TOKENS[7]]
    assert operations.writes <= 5
    assert operations.reads <= 20


@pytest.mark.parametrize("connected", [True, False])
async def test_an_idle_hour_costs_a_handful_of_reads(csms: World, connected: bool) -> None:
    """A station that is away is looked for at growing intervals."""
    await given(csms, "A", "B")
    if not connected:
        csms.station.connected = False
        await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    operations, end = Operations(), csms.now + timedelta(hours=1)
    process = csms.observed(operations)
    loop, alarm = SyncLoop(process.user.local_lists, csms.device_client), process.user.local_lists.alarm
    assert isinstance(alarm, Recorded)
    steps = 0
    while csms.now < end:
        for due in await loop.take():
            await loop.reconcile(due)
        csms.now = max(csms.now, min([*alarm.times, csms.now + POLL_INTERVAL]))
        alarm.times = [at for at in alarm.times if at > csms.now]
        steps += 1

    assert steps <= (12 if connected else 20)
    assert operations.reads <= (24 if connected else 40)
    assert operations.writes <= (0 if connected else 15)


async def test_the_largest_list_fits_into_a_document_of_firestore(csms: World) -> None:
    """At its largest: confirmed, with every token changed since, and a message on its way."""
    csms.station.variables = [limit("ItemsPerMessage", 1000)]
    texts = [f"{number:0{MAX_TEXT_BYTES // MAX_TOKENS}}" for number in range(MAX_TOKENS)]
    await registered(csms.user, texts, type="t" * 20)
    lists = csms.user.local_lists
    await lists.replace(csms.device_client, "CS1", texts)
    await csms.work()
    await changed(csms.user, texts, type="t" * 20)
    largest = 0

    async def measured() -> None:
        nonlocal largest
        largest = len((await csms.document()).model_dump_json(by_alias=True, exclude_none=True))

    csms.station.meanwhile = measured
    await csms.work()

    assert 500_000 < largest < FIRESTORE_DOCUMENT_BYTES - 10_000


async def test_a_list_that_would_not_fit_is_refused(csms: World) -> None:
    texts = [f"{number:041}" for number in range(MAX_TOKENS)]
    await registered(csms.user, texts)

    refused = await csms.client.put(LIST, json={"idTokens": texts})
    assert (refused.status_code, str(MAX_TEXT_BYTES) in refused.json()["detail"]) == (422, True)
    assert (await csms.client.get(LIST)).status_code == 404

    assert (await csms.client.put(LIST, json={"idTokens": texts[1:4000]})).status_code == 200
    refused = await csms.client.patch(LIST, json={"add": texts[4000:]})
    assert (refused.status_code, str(MAX_TEXT_BYTES) in refused.json()["detail"]) == (422, True)
    assert (await csms.state())["tokens"] == 3999


@pytest.mark.parametrize("text", ["__a__", "a.b", "`", "ß", "\u2028", " x ", "a,b"])
async def test_any_text_can_be_on_a_list(csms: World, text: str) -> None:
    await given(csms, text, "B")

    stored = await csms.document()
    again = LocalList.model_validate_json(stored.model_dump_json(by_alias=True, exclude_none=True))

    assert again == stored
    assert sorted(again.desired.values()) == sorted([text, "B"])
    assert set(again.confirmed or {}) == {text.casefold(), "b"}
