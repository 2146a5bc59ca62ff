"""What is stored of secrets and PINs, for somebody who has the database and not the pepper."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import stat
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from libs.csms.clients.admission import NotAdmitted
from libs.csms.clients.authorization import Presented
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.pepper import Pepper
from libs.csms.settings import BadSetting, Settings, load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Collection, Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import EVENTS, DeadLetter
from libs.ocpp_messages.message import Kind, Message
from services.device.app import router as device_router
from services.device.registry.model import Station
from services.device.security.model import Secret, StationSecurity
from services.device.service import Device
from services.processes import ServiceName, run_all, run_one
from services.user.service import User
from services.user.tokens.bodies import NewIdToken
from services.user.tokens.model import IdToken, key_code_key, old_key_code_key

from ..e2e.station import station
from ..e2e.system import embedded_system
from ..e2e.test_operator_decides import refusal, set_secret, with_secret

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "correct:horse-battery.staple"
WEAK = "horse-12"
PIN = "80347195"
WRONG_PIN = "11112222"
STATION = Presented("CS1", "1")


@dataclass
class Csms:
    """The services that keep secrets, on one database."""

    file: Path
    device: Device
    user: User

    def stored(self) -> bytes:
        """Everything that is on the disk, also of its journal."""
        return b"".join(part.read_bytes() for part in sorted(self.file.parent.glob(f"{self.file.name}*")))

    async def admits(self, secret: str, id: str = "CS1") -> bool:
        header = "Basic " + base64.b64encode(f"{id}:{secret}".encode()).decode()
        try:
            await self.device.security.admit(id, header, tls=False)
        except NotAdmitted:
            return False
        return True

    async def security(self, id: str = "CS1") -> StationSecurity:
        return await self.device.security.of_station(id)


@asynccontextmanager
async def csms_on(folder: Path, **settings: Any) -> AsyncIterator[Csms]:
    store, bus = SqliteStore(folder / "csms.db"), EmbeddedBus()
    for event in EVENTS:
        await bus.create_topic(event.name)
    device = Device.of(store, bus, lambda: NOW, load(**settings))
    yield Csms(folder / "csms.db", device, User.of(store, lambda: NOW, load(**settings)))
    await store.close()


@pytest.fixture
async def csms(tmp_path: Path) -> AsyncIterator[Csms]:
    async with csms_on(tmp_path) as made:
        await made.device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
        yield made


def hashed(*parts: bytes) -> set[bytes]:
    """Every hash of these bytes that somebody without the pepper would try first."""
    data = b"".join(parts)
    algorithms = (hashlib.sha256, hashlib.sha512, hashlib.sha1, hashlib.md5, hashlib.blake2b)
    digests = [algorithm(data).digest() for algorithm in algorithms]
    return {form for each in digests for form in (each.hex().encode()[:32], base64.b64encode(each)[:20])}


def old_secret(secret: str, **fields: Any) -> Secret:
    """As earlier versions stored it."""
    salt = bytes(range(16))
    digest = hashlib.sha256(salt + secret.encode()).hexdigest()
    return Secret(salt=salt.hex(), digest=digest, set_at=NOW, **fields)


async def test_the_database_alone_tells_no_secret_and_no_pin(csms: Csms) -> None:
    await csms.device.security.set_secret("CS1", SECRET)
    await csms.device.registry.stations.update("CS2", lambda _: Station(id="CS2"))
    await csms.device.security.set_secret("CS2", WEAK)
    await csms.user.tokens.create(NewIdToken(id_token=PIN, type="KeyCode"))
    assert await csms.admits(SECRET)
    assert await csms.admits(WEAK, "CS2")
    assert (await csms.user.authorize(PIN, "KeyCode", STATION)).status == "Accepted"
    assert (await csms.user.authorize(WRONG_PIN, "KeyCode", STATION)).status == "Unknown"

    stored = csms.stored()

    assert b"hmac-sha256:" in stored, "the documents can be read in the file"
    salts = [bytes.fromhex(each.salt) for id in ("CS1", "CS2") for each in (await csms.security(id)).secrets]
    known = [b"", b"KeyCode", b"KeyCode:", b"keycode:", b"1\n", b"1", *salts]
    for text in (SECRET, WEAK, PIN, WRONG_PIN):
        assert text.encode() not in stored
        for each in known:
            for digest in hashed(each, text.encode()) | hashed(text.encode(), each):
                assert digest not in stored, (text, each)


async def test_a_dead_letter_tells_no_pin_by_its_id(csms: Csms) -> None:
    """All else of the message is known to who has the database."""
    question = json.dumps({"idToken": {"idToken": "1234", "type": "KeyCode"}})
    ids = set()
    for data in (question, question.replace("1234", "9876")):
        letter = DeadLetter(topic="T", subscription="S", reason="x", attempts=1, data=data)
        event = Message(
            data=encode(letter),
            message_id="1",
            station_id="CS1",
            action="DeadLetter",
            kind=Kind.EVENT,
            sent_at="2026-11-20T12:00:00.000Z",
            origin=Direction.FROM_STATION,
        )
        await device_router.handle(event, EmbeddedBus(), csms.device, csms.device.clock)
        ids |= {each.id for each in (await csms.device.messages.dead_letters.find(Query())).items}

    assert len(ids) == 1


@pytest.mark.parametrize("secret", [SECRET, WEAK, "00112233445566778899AABBCCDDEEFF"])
async def test_a_secret_of_an_earlier_version_is_taken_and_hashed_anew(csms: Csms, secret: str) -> None:
    salt = bytes(range(16))
    key = bytes.fromhex(secret) if secret.startswith("00") else secret.encode()
    old = old_secret(secret, weak=secret == WEAK).changed(digest=hashlib.sha256(salt + key).hexdigest())
    await csms.device.security.stations.put("CS1", StationSecurity(secrets=(old,)))

    assert not await csms.admits("something-else-entirely")
    assert (await csms.security()).secrets == (old,), "only the right one is hashed anew"
    assert await csms.admits(secret)
    [new] = (await csms.security()).secrets
    assert (new.scheme, new.weak) == (csms.device.security.pepper.scheme, secret == WEAK)
    assert new.digest != old.digest
    assert await csms.admits(secret)
    assert (await csms.security()).secrets == (new,), "once"


async def test_of_two_secrets_of_an_earlier_version_each_is_hashed_anew_when_it_is_used(csms: Csms) -> None:
    waiting = old_secret("the-next-secret-of-it", state="awaiting_reboot")
    await csms.device.security.stations.put("CS1", StationSecurity(secrets=(old_secret(SECRET), waiting)))

    assert await csms.admits(SECRET)
    assert [each.scheme is None for each in (await csms.security()).secrets] == [False, True]
    assert await csms.admits("the-next-secret-of-it")
    assert [each.scheme is None for each in (await csms.security()).secrets] == [False]


async def test_with_another_pepper_no_secret_is_right_and_the_log_says_why(
    csms: Csms, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await csms.device.security.set_secret("CS1", SECRET)
    await csms.user.tokens.create(NewIdToken(id_token=PIN, type="KeyCode"))
    other = Pepper(b"another pepper of thirty-two byte")
    lost = replace(csms, device=replace(csms.device, security=replace(csms.device.security, pepper=other)))

    assert not await lost.admits(SECRET)
    assert "station CS1: its secret was hashed with another pepper: set it anew" in caplog.text
    assert await replace(csms.user.tokens, pepper=other).find(PIN, "KeyCode") is None
    await lost.device.security.set_secret("CS1", SECRET)
    assert await lost.admits(SECRET)


async def old_pin(csms: Csms) -> tuple[str, str]:
    """A PIN as earlier versions stored it: its document id, and the one that it gets."""
    await csms.user.tokens.documents.put(old_key_code_key(PIN), IdToken(type="KeyCode", note="of Ann"))
    return old_key_code_key(PIN), key_code_key(PIN, csms.user.tokens.pepper)


async def test_a_pin_of_an_earlier_version_works_and_moves_when_it_is_used(csms: Csms) -> None:
    old, new = await old_pin(csms)
    documents = csms.user.tokens.documents

    assert (await csms.user.authorize(PIN, "KeyCode", STATION)).status == "Accepted"

    assert await documents.get(old) is None
    assert await documents.get(new) == IdToken(type="KeyCode", note="of Ann")
    assert (await csms.user.authorize(PIN, None)).status == "Accepted"


async def test_a_pin_that_a_dead_process_has_left_behind_is_deleted_with_its_copy(csms: Csms) -> None:
    old, new = await old_pin(csms)
    tokens = csms.user.tokens
    await tokens.documents.put(new, IdToken(type="KeyCode", note="of Ann"))  # then it died

    await tokens.delete(PIN)

    assert [await tokens.documents.get(key) for key in (old, new)] == [None, None]
    assert await tokens.find(PIN, "KeyCode") is None


async def test_a_pin_that_another_process_deletes_while_it_moves_does_not_come_back(csms: Csms) -> None:
    old, new = await old_pin(csms)
    documents = csms.user.tokens.documents

    class DeletedMeanwhile:
        """Another process deletes the token between the first read and the first write of this one."""

        def __getattr__(self, name: str) -> Any:
            return getattr(documents, name)

        async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
            await csms.user.tokens.delete(PIN)
            return await documents.update(id, change)

    moving: Collection[IdToken] = DeletedMeanwhile()  # type: ignore[assignment]

    assert await replace(csms.user.tokens, documents=moving).find(PIN, "KeyCode") is None
    assert [await documents.get(key) for key in (old, new)] == [None, None]


async def test_the_hash_of_a_pin_is_no_token(csms: Csms) -> None:
    await csms.user.tokens.create(NewIdToken(id_token=PIN, type="KeyCode"))
    key = key_code_key(PIN, csms.user.tokens.pepper)

    assert await csms.user.tokens.documents.get(key) is not None
    assert (await csms.user.authorize(key, None)).status == "Unknown"
    assert (await csms.user.authorize(key, "ISO14443")).status == "Unknown"


def settings(**fields: Any) -> Settings:
    """Without the pepper of the other tests."""
    return Settings(_env_file=None, pepper=None, **fields)


def test_the_pepper_of_a_data_folder_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starts:
        peppers = list(starts.map(lambda _: Pepper.of(settings(data_dir=tmp_path)), range(40)))

    assert len({each.scheme for each in peppers}) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["pepper"]
    assert stat.S_IMODE((tmp_path / "pepper").stat().st_mode) == 0o600
    assert len(bytes.fromhex((tmp_path / "pepper").read_text())) == 32


def test_a_digest_depends_on_pepper_purpose_and_data() -> None:
    one, other = Pepper(b"a" * 32), Pepper(b"b" * 32)
    digests = [one.digest("x", b"y"), other.digest("x", b"y"), one.digest("z", b"y"), one.digest("xy", b"")]

    assert len({*digests, one.digest("x", b"z")}) == 5


def test_two_data_folders_have_different_peppers(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()

    assert len({Pepper.of(settings(data_dir=folder)).scheme for folder in folders}) == 2


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_pepper_that_others_can_read_is_made_private(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "pepper"
    file.write_text("ab" * 32)
    file.chmod(mode)

    Pepper.of(settings(pepper_file=file))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "could be read by others" in caplog.text


def test_the_pepper_may_be_hexadecimal_or_base64_and_is_never_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = bytes(range(200, 232))
    forms = [key.hex(), key.hex().upper(), base64.b64encode(key).decode()]
    forms += [base64.urlsafe_b64encode(key).decode(), base64.b64encode(key).decode().rstrip("=")]
    with caplog.at_level(logging.DEBUG):
        peppers = [Pepper.of(settings().model_copy(update=_given(form))) for form in forms]

    assert {each.digest("x", b"y") for each in peppers} == {Pepper(key).digest("x", b"y")}
    shown = caplog.text + repr(peppers) + str(peppers[0]) + repr(load(pepper=forms[0]))
    assert not any(form in shown for form in forms)


def _given(text: str) -> dict[str, Any]:
    return {"pepper": load(pepper=text).pepper}


@pytest.mark.parametrize("text", ["", "ab" * 31, "no base64, though long enough" * 2, "é" * 64])
def test_a_bad_pepper_stops_the_start_and_is_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "pepper").write_text(text)

    with pytest.raises(BadSetting) as setting:
        Pepper.of(load(pepper=text))
    with pytest.raises(BadSetting) as file:
        Pepper.of(settings(pepper_file=tmp_path / "pepper"))

    assert str(setting.value).startswith("CSMS_PEPPER: ")
    assert str(file.value).startswith("CSMS_PEPPER_FILE: ")
    assert text == "" or text not in str(setting.value) + str(file.value)


def test_a_pepper_that_cannot_be_read_or_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for file in (tmp_path / "folder", tmp_path / "missing" / "pepper"):
        with pytest.raises(BadSetting, match=r"^CSMS_PEPPER_FILE: "):
            Pepper.of(settings(pepper_file=file))


@pytest.fixture
def firestore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of a process on Firestore, without pepper."""
    for name in ("CSMS_PEPPER", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", [ServiceName.DEVICE, ServiceName.USER])
async def test_services_on_firestore_do_not_start_without_a_pepper(
    firestore: Path, name: ServiceName
) -> None:
    with pytest.raises(BadSetting, match=r"^CSMS_PEPPER: is missing"):
        await run_one(name, load())
    with pytest.raises(BadSetting, match=r"^CSMS_PEPPER: is missing"):
        await run_all(load(backend="google"), lambda: pytest.fail("it has not started"))
    assert not list(firestore.iterdir())


def test_on_the_emulator_they_need_none_and_have_the_same(
    firestore: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (firestore / ".env").write_text("FIRESTORE_EMULATOR_HOST=127.0.0.1:8086\n")
    with pytest.raises(BadSetting):
        Pepper.of(load(backend="google"))  # Google's library would not use the emulator either

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8086")

    assert len({Pepper.of(load(backend="google")).scheme for _ in range(2)}) == 1


async def test_a_csms_makes_its_pepper_and_has_it_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CSMS_PEPPER")
    async with embedded_system(tmp_path) as system:
        await system.register("CS1")
        await set_secret(system, "CS1", SECRET)
        await system.token(PIN, type="KeyCode")
    pepper = (tmp_path / "pepper").read_text()
    assert stat.S_IMODE((tmp_path / "pepper").stat().st_mode) == 0o600

    async with embedded_system(tmp_path) as system:
        assert await refusal(system.gateways[0], "CS1", **with_secret("CS1", WEAK)) == 401
        async with station(system.gateways[0], "CS1", **with_secret("CS1", SECRET)) as connected:
            await connected.boot()
            answer = await connected.call("Authorize", {"idToken": {"idToken": PIN, "type": "KeyCode"}})
    assert answer["idTokenInfo"]["status"] == "Accepted"

    left = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    assert left.pop("pepper").decode() == pepper
    for text in (SECRET, PIN, pepper):
        assert not [name for name, content in left.items() if text.encode() in content], "not even in the log"
