"""What containers are given, and what they are kept from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.csms.settings import Settings, variables

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", ["Dockerfile", "docker-compose.yml", "deploy/deploy.sh"])
def test_containers_are_given_settings_that_there_are(file: str) -> None:
    given = set(re.findall(r"\bCSMS_[A-Z_]*[A-Z]\b", (ROOT / file).read_text()))
    assert given
    assert given <= {variable for field in Settings.model_fields for variable in variables(field)}


COMPOSED: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = ["provision", "gateway", "device", "transaction", "user", "console"]


def test_the_containers_of_the_services_are_those_that_are_checked() -> None:
    assert [name for name, container in COMPOSED.items() if "build" in container] == OURS


@pytest.mark.parametrize("name", OURS)
def test_a_service_can_change_nothing_in_its_container_but_its_data(name: str) -> None:
    container = COMPOSED[name]

    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert [mount.partition(":")[0] for mount in container["tmpfs"]] == ["/tmp"]
    assert not container.keys() & {"privileged", "cap_add", "devices", "network_mode", "pid", "user"}


@pytest.mark.parametrize("name", COMPOSED)
def test_a_container_gains_no_rights_and_cannot_exhaust_the_machine(name: str) -> None:
    container = COMPOSED[name]

    assert container["security_opt"] == ["no-new-privileges:true"]
    assert 0 < container["pids_limit"] <= 1000
    assert re.fullmatch(r"\d+g", container["mem_limit"])


@pytest.mark.parametrize("name", COMPOSED)
def test_a_container_is_reached_from_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in COMPOSED[name].get("ports", []))


def test_the_image_runs_as_a_user_that_is_not_root_and_owns_only_its_data() -> None:
    text = (ROOT / "Dockerfile").read_text()

    assert [line for line in text.splitlines() if line.startswith("USER ")] == ["USER 999"]
    assert "useradd --system --uid 999 csms" in text
    installed = re.findall(r"--owner=\S+ --mode=(\d+) ([^&\n]+)", text.replace("\\\n", " "))
    assert [(mode, folders.split()) for mode, folders in installed] == [
        ("700", ["/data", "/secrets", "/keys/gateway", "/keys/transaction", "/keys/user", "/keys/console"])
    ]
    assert not re.search(r"\bchmod\b|\bchown\b|--chown", text)


def mounted(service: str) -> set[str]:
    return {volume.partition(":")[2] for volume in COMPOSED[service].get("volumes", [])}


def test_a_service_mounts_the_keys_that_it_presents_or_accepts_and_no_others() -> None:
    assert {service: mounted(service) for service in OURS} == {
        "provision": set(),
        "gateway": {"/keys/gateway"},
        "device": {"/secrets", "/keys/gateway", "/keys/user", "/keys/console"},
        "transaction": {"/secrets", "/keys/transaction", "/keys/console"},
        "user": {"/secrets", "/keys/user", "/keys/transaction"},
        "console": {"/keys/console"},
    }


def test_the_gateway_has_neither_the_api_token_nor_the_pepper() -> None:
    given = COMPOSED["gateway"]["environment"]

    assert given["CSMS_SERVICE_KEYS"] == "/keys"
    assert not given.keys() & {"CSMS_API_TOKEN_FILE", "CSMS_API_TOKEN", "CSMS_PEPPER_FILE", "CSMS_PEPPER"}
    assert not given.keys() & {"CSMS_AUDIT_KEY_FILE", "CSMS_AUDIT_KEY"}
    for service in ("device", "transaction", "user"):
        assert given.items() < COMPOSED[service]["environment"].items()


def test_what_is_mounted_belongs_to_the_user_that_writes_it() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    [folders] = re.findall(r"install --directory --owner=csms --mode=700 ([^&\n]+)", text)
    assert set().union(*map(mounted, COMPOSED)) <= set(folders.split())
