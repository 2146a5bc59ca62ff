"""A CSMS that others can reach starts with one key, and ``csms key`` makes the others."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from libs.csms.access.keys import Keys
from libs.csms.access.scopes import Role
from libs.csms.access.sessions import Sessions
from libs.csms.clock import utc_now
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from services.processes import _warn_if_closed, run_all

from ..ports import free_port
from .system import ROOT

CSMS = [sys.executable, "-m", "services.cli"]
SERVICES = "DEVICE", "TRANSACTION", "USER", "GATEWAY", "CONSOLE"
KEY = re.compile(r"csms_[0-9a-f]{16}_[\w-]{43}")


def variables(folder: Path) -> dict[str, str]:
    ports = {f"CSMS_{name}_PORT": str(free_port()) for name in SERVICES}
    return ports | {"CSMS_HOST": "0.0.0.0", "CSMS_DATA_DIR": str(folder / "data")}


@contextmanager
def up(given: dict[str, str]) -> Iterator[str]:
    """What it prints until it is up."""
    process = subprocess.Popen(
        [*CSMS, "up"], cwd=ROOT, env=os.environ | given, stderr=subprocess.PIPE, text=True
    )
    printed = ""
    try:
        assert process.stderr is not None
        for line in process.stderr:
            printed += line
            if line.startswith("  data "):
                break
        yield printed
    finally:
        process.terminate()
        process.communicate(timeout=30)


def key_command(given: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CSMS, "key", *arguments],
        cwd=ROOT,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_first_key_is_printed_once_and_makes_others(tmp_path: Path) -> None:
    given = variables(tmp_path)
    url = f"http://127.0.0.1:{given['CSMS_USER_PORT']}/me"
    with up(given) as printed:
        [first] = KEY.findall(printed)
        refused = httpx.get(url).status_code
        me = httpx.get(url, headers={"Authorization": f"Bearer {first}"}).json()
        beside = key_command(given, "create", "--role", "viewer", "--key", first, "screen")
        without = key_command(given, "list")
        viewer = httpx.get(url, headers={"Authorization": f"Bearer {beside.stdout.strip()}"}).json()
    with up(given) as again:
        assert KEY.findall(again) == []
    alone = key_command(given, "list")
    revoked = key_command(given, "revoke", viewer["id"])
    after = key_command(given, "list")

    assert (refused, me["kind"], viewer["kind"]) == (401, "key", "key")
    assert "keys:write" in me["scopes"]
    assert "keys:write" not in viewer["scopes"]
    assert (without.returncode, without.stderr) == (2, "csms: a key is needed, as the bearer\n")
    assert {line.split("\t")[0] for line in alone.stdout.splitlines()} == {me["id"], viewer["id"]}
    assert revoked.returncode == 0
    assert re.search(rf"^{viewer['id']}\tscreen\tviewer\tall groups\trevoked ", after.stdout, re.MULTILINE)


PUBLIC = {"host": "0.0.0.0"}
OIDC = {"oidc_issuer": "https://login.example.com", "oidc_audience": "csms-api"}


async def started(folder: Path, **settings: str) -> list[str]:
    """A whole CSMS that has started and ended. The keys that it has shown."""
    shown: list[str] = []
    is_up = asyncio.Event()
    ports = {f"{name}_port": free_port() for name in ("device", "transaction", "user", "gateway")}
    async with asyncio.timeout(30):
        running = asyncio.create_task(
            run_all(load(data_dir=folder, **ports, **settings), is_up.set, shown.append)
        )
        waiting = asyncio.create_task(is_up.wait())
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        assert is_up.is_set(), running.result()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return shown


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({}, 0),
        (PUBLIC, 1),
        (PUBLIC | OIDC, 0),
        (PUBLIC | {"iap_audience": "/projects/1/backend"}, 0),
        (PUBLIC | {"api_token": "0123456789abcdef"}, 0),
    ],
)
async def test_a_key_is_made_where_nobody_could_do_anything_without_it(
    tmp_path: Path, settings: dict[str, str], keys: int, caplog: pytest.LogCaptureFixture
) -> None:
    shown = await started(tmp_path, **settings)

    assert len(shown) == keys
    assert all(KEY.fullmatch(key) and key not in caplog.text for key in shown)
    warned = "CSMS_API_TOKEN is set: whoever has it may do everything" in caplog.text
    assert warned == ("api_token" in settings)


async def test_a_service_in_its_own_process_says_how_to_make_the_first_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It makes none: its log is no place for it, and each of its replicas would make another one."""
    store = SqliteStore(tmp_path / "csms.db")
    keys, sessions = Keys.of(store, utc_now), Sessions.of(store, utc_now)
    for settings in ({}, PUBLIC | OIDC):
        await _warn_if_closed(keys, sessions, load(**settings))
    assert caplog.messages == []
    await _warn_if_closed(keys, sessions, load(**PUBLIC))
    await keys.create("first", "csms key", Role.ADMIN)
    await _warn_if_closed(keys, sessions, load(**PUBLIC))
    await store.close()

    assert caplog.messages == [
        "nobody may use the API: make a key with CSMS_BACKEND=google csms key create --role admin NAME"
    ]
