"""``csms user``: people from a shell, beside a CSMS that runs and without one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx

from .system import ROOT
from .test_first_key import CSMS, KEY, up, variables

PASSWORD = "four words of a song"


def user_command(
    given: dict[str, str], *arguments: str, password: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CSMS, "user", *arguments],
        cwd=ROOT,
        env=os.environ | given,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=60,
    )


def sign_in(http: httpx.Client, user: str, password: str) -> int:
    return http.post("/sessions", json={"user": user, "password": password}).status_code


def test_people_are_added_before_the_first_start_and_while_it_runs(tmp_path: Path) -> None:
    given = variables(tmp_path)
    url = f"http://127.0.0.1:{given['CSMS_USER_PORT']}"
    weak = user_command(given, "add", "anna", "--role", "admin", password="short")
    added = user_command(given, "add", "anna", "--role", "admin", "--name", "Anna", password=PASSWORD)
    removed = user_command(given, "remove", "anna")
    with up(given) as printed, httpx.Client(base_url=url) as http:
        assert KEY.findall(printed) == []  # there is somebody who can administer
        nobody = http.get("/me").status_code
        entered = http.post("/sessions", json={"user": "anna", "password": PASSWORD})
        http.headers["X-CSRF-Token"] = entered.json()["csrfToken"]
        devices = http.get(f"http://127.0.0.1:{given['CSMS_DEVICE_PORT']}/chargingstations").status_code
        transactions = http.get(f"http://127.0.0.1:{given['CSMS_TRANSACTION_PORT']}/transactions").status_code
        key = http.post("/keys", json={"name": "shell", "role": "admin"}).json()["key"]
        beside = user_command(given, "add", "bert", "--role", "viewer", "--key", key, password=PASSWORD)
        without = user_command(given, "list")
        viewer = sign_in(http, "bert", PASSWORD)
    disabled = user_command(given, "disable", "bert")
    listed = user_command(given, "list")
    user_command(given, "enable", "bert")
    user_command(given, "password", "bert", password="another four words")
    user_command(given, "reset-totp", "bert")
    with up(given), httpx.Client(base_url=url) as http:
        again = [sign_in(http, "bert", PASSWORD), sign_in(http, "bert", "another four words")]

    assert (weak.returncode, weak.stderr) == (2, "csms: a password has at least 12 characters\n")
    assert added.returncode == 0
    assert (removed.returncode, "users:write" in removed.stderr) == (2, True)
    assert (nobody, entered.status_code, devices, transactions) == (401, 201, 200, 200)
    assert (beside.returncode, viewer) == (0, 201)
    assert without.returncode == 2
    assert disabled.returncode == 0
    anna, bert = listed.stdout.splitlines()
    assert anna.startswith("anna\tAnna\tadmin\tall groups\tpassword only\t1 sessions")
    assert bert.startswith("bert\tbert\tviewer\tall groups\tpassword only\tdisabled 2")
    assert again == [401, 201]
    assert all(PASSWORD not in each.stdout + each.stderr for each in (added, beside, listed))
