"""Writes ``firestore.indexes.json``: the indexes that the services' queries need, and what is exempt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from libs.csms.clock import utc_now
from libs.csms.settings import load
from libs.csms.storage.firestore import index_definitions
from libs.csms.storage.store import Doc, Index
from services.device.service import Device
from services.transaction.service import TransactionService
from services.user.service import User

FILE = Path(__file__).with_name("firestore.indexes.json")


class IndexList:
    """Stands where a store does while services are put together, and remembers what they ask for."""

    def __init__(self) -> None:
        self.collections: dict[str, Sequence[Index]] = {}

    def collection(self, name: str, type_: type[Doc], indexes: Sequence[Index] = ()) -> Any:
        self.collections[name] = indexes

    def has_room(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""


def collections() -> dict[str, Sequence[Index]]:
    """Of all services, by name."""
    store, settings = IndexList(), load(pepper="0" * 64, audit_key="0" * 64)
    nothing: Any = None
    Device.of(store, nothing, utc_now, settings)
    User.of(store, utc_now, settings)
    TransactionService.of(store, nothing, nothing, utc_now)
    return store.collections


def definitions() -> str:
    return json.dumps(index_definitions(collections()), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(definitions())
