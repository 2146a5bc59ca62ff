"""A CSMS that others can reach starts with one key, and ``csms key`` makes the others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ..ports import free_port
from .system import ROOT

CSMS = [sys.executable, "-m", "services.cli"]
KEY = re.compile(r"csms_[0-9a-f]{16}_[\w-]{43}")


def variables(folder: Path) -> dict[str, str]:
    ports = {f"CSMS_{name}_PORT": str(free_port()) for name in ("DEVICE", "TRANSACTION", "USER", "GATEWAY")}
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
