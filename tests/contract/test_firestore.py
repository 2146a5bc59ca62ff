"""What Firestore holds, as its other readers see it, and what happens when several processes write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from google.cloud.firestore import AsyncClient

from libs.csms.storage.firestore import FirestoreStore, index_definitions
from libs.csms.storage.store import Document, Index, filters


class Charger(Document):
    vendor_name: str = "Acme"
    boots: int = 0
    serial_number: str | None = None


def booted(charger: Charger | None) -> Charger:
    return Charger(boots=charger.boots + 1 if charger else 1)


@pytest.fixture
def project(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
async def store(project: str) -> AsyncIterator[FirestoreStore]:
    store = FirestoreStore(project)
    yield store
    await store.close()


@pytest.fixture
async def client(project: str) -> AsyncIterator[AsyncClient]:
    client = AsyncClient(project=project)
    yield client
    await client._firestore_api.transport.close()


@pytest.mark.emulator
async def test_a_document_is_a_map_in_camel_case_under_its_own_id(
    store: FirestoreStore, client: AsyncClient
) -> None:
    await store.collection("chargingstations", Charger).update("CS123", booted)

    stored = await client.document("chargingstations/CS123").get()
    assert stored.to_dict() == {"vendorName": "Acme", "boots": 1}


@pytest.mark.emulator
async def test_what_others_wrote_beside_our_fields_stays(store: FirestoreStore, client: AsyncClient) -> None:
    charger = client.document("chargingstations/CS123")
    await charger.set({"boots": 1, "serialNumber": "old", "paintedIn": "green"})

    await store.collection("chargingstations", Charger).update("CS123", booted)
    stored = await charger.get()
    assert stored.to_dict() == {"vendorName": "Acme", "boots": 2, "paintedIn": "green"}


@pytest.mark.emulator
async def test_what_is_stored_already_is_not_written_again(
    store: FirestoreStore, client: AsyncClient
) -> None:
    chargers = store.collection("chargingstations", Charger)
    await chargers.update("CS123", booted)
    before = await client.document("chargingstations/CS123").get()

    await chargers.update("CS123", lambda charger: charger or Charger())
    await chargers.update("CS123", lambda charger: Charger(boots=1))
    after = await client.document("chargingstations/CS123").get()
    assert after.update_time == before.update_time


@pytest.mark.emulator
async def test_writers_in_several_processes_all_count(project: str) -> None:
    stores = [FirestoreStore(project) for _ in range(10)]
    async with asyncio.TaskGroup() as group:
        for store in stores:
            chargers = store.collection("chargingstations", Charger)
            for _ in range(3):
                group.create_task(chargers.update("CS123", booted))

    assert await stores[0].collection("chargingstations", Charger).get("CS123") == Charger(boots=30)
    for store in stores:
        await store.close()


@pytest.mark.emulator
async def test_a_document_deleted_by_another_process_is_made_anew(project: str) -> None:
    stores = [FirestoreStore(project), FirestoreStore(project)]
    ours, theirs = (store.collection("chargingstations", Charger) for store in stores)
    await ours.update("CS123", booted)
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(ours.update("CS123", booted))
            deleting = group.create_task(theirs.delete("CS123"))

    assert deleting.done()
    stored = await ours.get("CS123")
    assert stored is None or 1 <= stored.boots <= 11
    for store in stores:
        await store.close()


def test_the_indexes_to_deploy_are_those_declared_and_all_else_is_exempt() -> None:
    definitions = index_definitions(
        {
            "transactions": [
                Index(("stationId",), "startedAt", descending=True),
                Index((), "startedAt", descending=True),
                Index((), "startedAt"),
                *filters("active"),
            ],
            "idle": [],
        }
    )

    assert definitions == {
        "indexes": [
            {
                "collectionGroup": "transactions",
                "queryScope": "COLLECTION",
                "fields": [
                    {"fieldPath": "stationId", "order": "ASCENDING"},
                    {"fieldPath": "startedAt", "order": "DESCENDING"},
                    {"fieldPath": "__name__", "order": "DESCENDING"},
                ],
            }
        ],
        "fieldOverrides": [
            {"collectionGroup": "idle", "fieldPath": "*", "indexes": []},
            {"collectionGroup": "transactions", "fieldPath": "*", "indexes": []},
            {
                "collectionGroup": "transactions",
                "fieldPath": "active",
                "indexes": [{"order": "ASCENDING", "queryScope": "COLLECTION"}],
            },
            {
                "collectionGroup": "transactions",
                "fieldPath": "startedAt",
                "indexes": [
                    {"order": "ASCENDING", "queryScope": "COLLECTION"},
                    {"order": "DESCENDING", "queryScope": "COLLECTION"},
                ],
            },
        ],
    }
