"""A process that does what is in the audit trail, as fast as it can, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.audit.trail import Trail
from libs.csms.clock import utc_now
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Document
from libs.csms.web.app import create_app


class Thing(Document):
    id: str


async def main(folder: Path) -> None:
    store = SqliteStore(folder / "csms.db")
    things = store.collection("things", Thing)
    trail = Trail.of("victim", store, utc_now, load())
    router = ScopedRouter(Scope.STATIONS_READ)

    @router.put("/things/{id}")
    async def put_thing(id: str) -> None:
        await things.put(id, Thing(id=id))

    transport = httpx.ASGITransport(create_app("Things service", router, load(), trail=trail))

    async def work(worker: int) -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            for number in range(100_000):
                assert (await http.put(f"/things/{worker}-{number}")).status_code == 200
                if number % 5 == 4:
                    print("working", flush=True)

    async with trail.running():
        await asyncio.gather(*map(work, range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
