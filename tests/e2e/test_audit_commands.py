"""``csms audit``: the trail of a CSMS is verified and exported, beside it and without it."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from .system import ROOT
from .test_first_key import CSMS, up, variables


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.delenv("CSMS_AUDIT_KEY", raising=False)
    return variables(tmp_path) | {"CSMS_HOST": "127.0.0.1"}


def audit(given: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CSMS, "audit", *arguments],
        cwd=ROOT,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_trail_is_verified_wherever_it_is_and_the_first_broken_record_is_named(
    given: dict[str, str], tmp_path: Path
) -> None:
    user, device = (f"http://127.0.0.1:{given[f'CSMS_{name}_PORT']}" for name in ("USER", "DEVICE"))
    data, file = Path(given["CSMS_DATA_DIR"]), tmp_path / "trail.jsonl"
    with up(given):
        for number in range(3):
            assert httpx.post(f"{device}/chargingstations", json={"id": f"CS{number}"}).status_code == 201
        key = httpx.get(f"{user}/audit/key").json()["publicKey"]
        beside = audit(given, "verify")
    alone = audit(given, "verify")
    exported = audit(given, "export", str(file))
    again = audit(given, "export", str(file))
    offline = audit(
        given | {"CSMS_DATA_DIR": str(tmp_path / "none")}, "verify", "--file", str(file), "--public-key", key
    )
    other = audit(given, "verify", "--file", str(file), "--public-key", key[::-1][1:] + "=")

    for result in (beside, alone, offline):
        assert (result.returncode, result.stdout) == (0, ""), result
        assert result.stderr == "4 records in 1 segments: the trail is whole\n"
    assert (exported.returncode, exported.stderr) == (0, "4 records\n")
    assert (again.returncode, other.returncode) == (2, 1)
    assert stat.S_IMODE((data / "audit-key").stat().st_mode) == 0o600

    with closing(sqlite3.connect(data / "csms.db")) as database, database:
        [(id,)] = database.execute("SELECT id FROM audit ORDER BY id LIMIT 1 OFFSET 2")
        change = "UPDATE audit SET doc = replace(doc, '\"local\"', '\"nobody\"') WHERE id = ?"
        assert database.execute(change, [id]).rowcount == 1
    broken = audit(given, "verify")
    assert (broken.returncode, broken.stderr) == (1, "4 records in 1 segments: the trail is broken\n")
    assert re.fullmatch(rf"{id}: was changed.*\n", broken.stdout)

    with closing(sqlite3.connect(data / "csms.db")) as database, database:
        database.execute("UPDATE audit SET doc = replace(doc, '\"kind\"', '\"kin\"') WHERE id = ?", [id])
    unreadable = audit(given, "verify")
    assert unreadable.returncode == 1
    before = f"{id.rpartition('-')[0]}-00000001"
    assert unreadable.stdout == f"/audit/records: one of the next after {before} cannot be read\n"

    text = file.read_text()
    file.write_text(text.replace('"path":"/chargingstations"', '"path":"/chargingstation"', 1))
    assert audit(given, "verify", "--file", str(file)).returncode == 1
