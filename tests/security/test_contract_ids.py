"""A contract id (eMAID) is printed in contracts and on cards: its text alone proves nothing. Nobody here
checks contract certificates, so only those charge by default that the operator has registered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.csms.clock import utc_now
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.version import Version
from services.user.service import User
from services.user.tokens.policies import PolicyBody
from tests.unit.rest import SETTINGS
from tests.unit.user.test_authorize import asked

CONTRACT = {"idToken": "DE8AA1A2B3C4D5", "type": "eMAID"}
CERTIFICATE = {"certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"}
HASHES = {
    "iso15118CertificateHashData": [
        {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "00",
            "issuerKeyHash": "00",
            "serialNumber": "1",
            "responderURL": "https://ocsp.example",
        }
    ]
}


@pytest.fixture
async def user(tmp_path: Path) -> AsyncIterator[User]:
    store = SqliteStore(tmp_path / "csms.db")
    yield User.of(store, utc_now, SETTINGS)
    await store.close()


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
@pytest.mark.parametrize("type_", ["eMAID", "EMAID", "emaid"])
async def test_an_unknown_contract_id_does_not_charge_by_its_text(
    user: User, version: Version, type_: str
) -> None:
    if type_ == "eMAID" or version is Version.V21:  # 2.0.1 has an enumeration
        response = await asked(user, version, {"idToken": {**CONTRACT, "type": type_}})
        assert response["idTokenInfo"]["status"] == "Unknown"
    assert (await user.authorize(CONTRACT["idToken"], type_)).status == "Unknown"


async def test_a_station_of_1_6_cannot_name_one_either(user: User) -> None:
    response = await asked(user, Version.V16, {"idTag": CONTRACT["idToken"]})
    assert response["idTagInfo"]["status"] == "Invalid"


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
@pytest.mark.parametrize("proof", [CERTIFICATE, HASHES, CERTIFICATE | HASHES])
@pytest.mark.parametrize("policy", ["known", "accept"])
async def test_a_certificate_that_nobody_checks_opens_nothing_under_any_policy(
    user: User, version: Version, proof: dict[str, object], policy: str
) -> None:
    await user.tokens.policies.put("eMAID", PolicyBody(policy=policy), can_ask=False)

    response = await asked(user, version, {"idToken": CONTRACT, **proof})

    assert response == {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"}
