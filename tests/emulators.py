"""The Pub/Sub and Firestore emulators: those that run, else of the Google Cloud CLI, else in containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .ports import free_port

IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators"
READY_TIMEOUT = 90.0

JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""For processes that live for minutes: with the compiler for long-lived ones they take twice the CPU time."""


class Unavailable(Exception):
    """There is no way to an emulator here. The text says what was tried."""


@dataclass(frozen=True)
class Emulator:
    variable: str
    jar: str
    java: list[str]
    """Arguments of ``java`` before the host and the port."""
    options: list[str]
    gcloud: list[str]


PUBSUB = Emulator(
    variable="PUBSUB_EMULATOR_HOST",
    jar="pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
    java=["-jar", "{jar}"],
    options=[],
    gcloud=["pubsub", "start"],
)
FIRESTORE = Emulator(
    variable="FIRESTORE_EMULATOR_HOST",
    jar="cloud-firestore-emulator/cloud-firestore-emulator.jar",
    java=["-cp", "{jar}", "com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start"],
    options=["--database-mode=firestore-native"],
    gcloud=["firestore", "start", "--database-mode=firestore-native"],
)


@dataclass
class Emulators:
    """Starts both on the first request, for each takes some five seconds."""

    stack: ExitStack
    _hosts: dict[str, str] = field(default_factory=dict)

    def host(self, emulator: Emulator) -> str:
        """Returns when it answers. Raises ``Unavailable``."""
        if not self._hosts:
            for each in (PUBSUB, FIRESTORE):
                self._hosts[each.variable] = _find(each, self.stack)
        host = self._hosts[emulator.variable]
        _wait_until_ready(host)
        return host


def _find(emulator: Emulator, stack: ExitStack) -> str:
    if host := os.environ.get(emulator.variable):
        return host
    gcloud, java = shutil.which("gcloud"), shutil.which("java")
    if gcloud and java:
        platform = Path(gcloud).resolve().parents[1] / "platform"
        if jars := sorted(platform.glob(emulator.jar)):
            return _start_process(emulator, java, jars[-1], stack)
    return _start_container(emulator, stack)


def _start_process(emulator: Emulator, java: str, jar: Path, stack: ExitStack) -> str:
    port = free_port()
    arguments = [argument.format(jar=jar) for argument in emulator.java]
    process = subprocess.Popen(
        [java, *JAVA_OPTIONS, *arguments, "--host=127.0.0.1", f"--port={port}", *emulator.options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return f"127.0.0.1:{port}"


def _start_container(emulator: Emulator, stack: ExitStack) -> str:
    if not _docker_runs():
        raise Unavailable(
            f"{emulator.variable} is not set, the Google Cloud CLI with its emulators and Java is not "
            f"installed, and no Docker engine runs"
        )
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    testcontainers_config.ryuk_disabled = True
    command = ["gcloud", "beta", "emulators", *emulator.gcloud, "--host-port=0.0.0.0:8085"]
    container = DockerContainer(IMAGE).with_exposed_ports(8085).with_command(command)
    stack.enter_context(container)
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(8085)}"


def _docker_runs() -> bool:
    docker = shutil.which("docker")
    return docker is not None and not subprocess.run([docker, "info"], capture_output=True).returncode


def _wait_until_ready(host: str) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while True:
        try:
            with urllib.request.urlopen(f"http://{host}/", timeout=5):
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise Unavailable(f"the emulator at {host} did not start: {error}") from error
        time.sleep(0.1)


@pytest.fixture(scope="session")
def emulators() -> Iterator[Emulators]:
    with ExitStack() as stack:
        yield Emulators(stack)


def _host(emulators: Emulators, emulator: Emulator, environment: pytest.MonkeyPatch) -> str:
    try:
        host = emulators.host(emulator)
    except Unavailable as error:
        give_up: Callable[[str], None] = (
            pytest.fail if os.environ.get("CSMS_REQUIRE_EMULATORS") == "1" else pytest.skip
        )
        give_up(str(error))
        raise
    environment.setenv(emulator.variable, host)
    return host


@pytest.fixture(scope="session")
def pubsub_emulator(emulators: Emulators) -> Iterator[str]:
    """Where it listens, as ``host:port``; the variable is set too. Every test uses a project of its own."""
    with pytest.MonkeyPatch.context() as environment:
        yield _host(emulators, PUBSUB, environment)


@pytest.fixture(scope="session")
def firestore_emulator(emulators: Emulators) -> Iterator[str]:
    """Where it listens, as ``host:port``; the variable is set too. Every test uses a project of its own."""
    with pytest.MonkeyPatch.context() as environment:
        yield _host(emulators, FIRESTORE, environment)
