"""The key that signs the audit trail."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from libs.csms.audit.key import AuditKey, PublicKey
from libs.csms.settings import BadSetting, Settings

SEED = bytes(range(32))
HASH = "ab" * 32


def settings(**fields: object) -> Settings:
    return Settings(_env_file=None, audit_key=None).model_copy(update=fields)


def pem(key: object) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()  # type: ignore[attr-defined, no-any-return]


FORMS = [SEED.hex(), base64.b64encode(SEED).decode(), pem(Ed25519PrivateKey.from_private_bytes(SEED))]


@pytest.mark.parametrize("form", FORMS, ids=["hexadecimal", "base64", "PEM"])
def test_a_key_may_have_several_forms_in_a_setting_or_in_a_file(form: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(form)
    given = [settings(audit_key=SecretStr(form)), settings(audit_key_file=file)]
    ids = {AuditKey.of(each).public.id for each in given}

    assert ids == {PublicKey(Ed25519PrivateKey.from_private_bytes(SEED).public_key()).id}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_key_of_a_data_folder_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    keys = [AuditKey.of(settings(data_dir=tmp_path)) for _ in range(3)]

    assert len({key.public.id for key in keys}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["audit-key"]
    assert stat.S_IMODE((tmp_path / "audit-key").stat().st_mode) == 0o600


BAD = [
    "too short",
    "!!",
    "00" * 33,
    pem(generate_private_key(65537, 2048)),
    "-----BEGIN PRIVATE KEY-----\nxyz",
]


@pytest.mark.parametrize("text", BAD, ids=["short", "no form", "long", "RSA", "broken"])
def test_a_bad_key_stops_the_start_and_is_not_repeated(text: str) -> None:
    with pytest.raises(BadSetting, match="^CSMS_AUDIT_KEY: ") as error:
        AuditKey.of(settings(audit_key=SecretStr(text)))
    assert text not in str(error.value)


def test_on_firestore_the_key_is_given_and_on_its_emulator_anything_does() -> None:
    with pytest.raises(BadSetting, match="^CSMS_AUDIT_KEY: is missing"):
        AuditKey.of(settings(backend="google", firestore_emulator_host=None))
    assert AuditKey.of(settings(backend="google", firestore_emulator_host="localhost:8080")).public.id


def test_a_signature_counts_for_one_hash_and_one_key_in_one_form() -> None:
    key, other = AuditKey(Ed25519PrivateKey.generate()), AuditKey(Ed25519PrivateKey.generate())
    signature = key.sign_hash(HASH)
    last = (
        signature[:-3] + chr(ord(signature[-3]) + 1) + "=="
    )  # the same bytes, if bits that mean nothing differ

    assert key.public.signed_hash(HASH, signature)
    assert not other.public.signed_hash(HASH, signature)
    assert not key.public.signed_hash("ac" * 32, signature)
    assert not any(key.public.signed_hash(HASH, one) for one in ("", "é", "AAAA", last, signature + "\n"))


@pytest.mark.parametrize("form", ["text", "pem"])
def test_the_public_part_is_enough_to_verify(form: str) -> None:
    key = AuditKey(Ed25519PrivateKey.generate())
    public = PublicKey.from_text(getattr(key.public, form))

    assert public.id == key.public.id
    assert public.signed_hash(HASH, key.sign_hash(HASH))
