"""What local lists cost: writes for large changes, reads while nothing happens, room in a document."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.ocpp_messages.mappings import TokenStatus
from libs.ocpp_messages.version import Version
from services.user.local_list.model import ListedToken, LocalList, Outcome
from services.user.local_list.plan import MAX_ITEMS, Entry, Limits, Situation, plan
from services.user.local_list.service import MAX_TEXT_BYTES, MAX_TOKENS
from services.user.local_list.sync import POLL_INTERVAL, SyncLoop
from services.user.service import User
from services.user.tokens.model import IdToken, token_key

from .device_api import limit
from .local_list_messages import given
from .moment import NOW
from .world import LIST, Operations, Recorded, World, world

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


@pytest.fixture(scope="module")
async def token_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of a user service that has the 5,000 tokens."""
    folder = tmp_path_factory.mktemp("tokens")
    async with world(folder) as made:
        await registered(made.user, RFID_TOKENS)
    return folder


@pytest.fixture
async def csms_with_tokens(tmp_path: Path, token_database: Path) -> AsyncIterator[World]:
    shutil.copytree(token_database, tmp_path, dirs_exist_ok=True)
    async with world(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("items", "most_writes"), [(None, 60), (1000, 12)])
async def test_a_change_of_5000_tokens_costs_tens_of_writes(
    csms_with_tokens: World, items: int | None, most_writes: int
) -> None:
    csms, operations = csms_with_tokens, Operations()
    csms.station.variables = [limit("ItemsPerMessage", items)] if items else []
    process = csms.observed(operations)

    await process.user.local_lists.replace(csms.device_client, "CS1", RFID_TOKENS)
    await process.work()

    assert len(csms.station.listed) == MAX_TOKENS
    assert (await csms.state())["status"] == "synchronized"
    assert operations.writes <= most_writes
    assert operations.writes <= len(csms.station.received) + 3


async def test_tokens_that_change_cost_a_list_a_write_for_each_message(csms_with_tokens: World) -> None:
    """Besides the writes of the tokens, and of the note for each of them."""
    csms, texts, operations = csms_with_tokens, RFID_TOKENS[:1000], Operations()
    csms.station.variables = [limit("ItemsPerMessage", 200)]
    await csms.user.local_lists.replace(csms.device_client, "CS1", texts)
    await csms.work()
    await changed(csms.user, texts)

    await csms.observed(operations).work()

    assert set(csms.station.tokens.values()) == {"Blocked"}
    assert operations.writes - len(texts) <= 12  # every note is removed


async def test_one_token_that_changes_costs_a_long_list_a_handful_of_operations(
    csms_with_tokens: World,
) -> None:
    csms = csms_with_tokens
    csms.station.variables = [limit("ItemsPerMessage", 1000)]
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


def test_the_largest_list_fits_into_a_document_of_firestore() -> None:
    """At its largest: confirmed, with every token changed since, and a message on its way."""
    texts = [f"{number:0{MAX_TEXT_BYTES // MAX_TOKENS}}" for number in range(MAX_TOKENS)]
    known = LocalList(station_id="CS1", list_id="1", updated_at=NOW).edited(
        NOW, {text: ListedToken(text) for text in texts}
    )
    known = confirmed(known, tokens_of(texts, "Accepted"))
    known = known.tokens_changed(NOW, set(texts), set())
    known = plan(known, NOW, situation(known, tokens_of(texts, "Blocked")))

    assert len(known.confirmed) == len(known.desired) == MAX_TOKENS
    assert not {one.digest for one in known.confirmed.values()} & {
        one.digest for one in known.desired.values()
    }
    assert known.in_flight is not None
    largest = len(known.model_dump_json(by_alias=True, exclude_none=True))
    assert 500_000 < largest < FIRESTORE_DOCUMENT_BYTES - 10_000


def tokens_of(texts: list[str], status: TokenStatus) -> dict[str, IdToken]:
    return {text: IdToken(id_token=text, status=status, type="t" * 20) for text in texts}


def situation(known: LocalList, tokens: dict[str, IdToken]) -> Situation:
    """The station takes as much in a message as any may."""
    entries = {key: Entry.adding(token, Version.V201) for key, token in tokens.items()}
    return Situation(known.revision, entries, Limits(items=MAX_ITEMS))


def confirmed(known: LocalList, tokens: dict[str, IdToken]) -> LocalList:
    """The station has accepted message after message."""
    known = plan(known, NOW, situation(known, tokens))
    while known.in_flight is not None:
        known = known.answered(NOW, known.last_version, Outcome("accepted"))
        known = plan(known, NOW, situation(known, tokens))
    return known


async def test_a_list_that_would_not_fit_is_refused(csms: World) -> None:
    texts = [f"{number:0250}" for number in range(MAX_TEXT_BYTES // 250 + 1)]
    await registered(csms.user, texts)

    refused = await csms.client.put(LIST, json={"idTokens": texts})
    assert (refused.status_code, str(MAX_TEXT_BYTES) in refused.json()["detail"]) == (422, True)
    assert (await csms.client.get(LIST)).status_code == 404

    assert (await csms.client.put(LIST, json={"idTokens": texts[1:700]})).status_code == 200
    refused = await csms.client.patch(LIST, json={"add": [texts[0], *texts[700:]]})
    assert (refused.status_code, str(MAX_TEXT_BYTES) in refused.json()["detail"]) == (422, True)
    assert (await csms.state())["tokens"] == 699


@pytest.mark.parametrize("text", ["__a__", "a.b", "`", "ß", "\u2028", " x ", "a,b"])
async def test_any_text_can_be_on_a_list(csms: World, text: str) -> None:
    await given(csms, text, "B")

    stored = await csms.document()
    again = LocalList.model_validate_json(stored.model_dump_json(by_alias=True, exclude_none=True))

    assert again == stored
    assert sorted(one.id_token for one in again.desired.values()) == sorted([text, "B"])
    assert set(again.confirmed) == {text.casefold(), "b"}
