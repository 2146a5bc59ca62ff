"""The security cases of OCPP 1.6 with its security extension."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.e2e.station import station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .charging import ACCEPTED, BOOT, eventually, now, rebooted

ROOT = """\
-----BEGIN CERTIFICATE-----
MIIBTDCB86ADAgECAgQaKzxNMAoGCCqGSM49BAMCMCMxDTALBgNVBAoMBEFDTUUx
EjAQBgNVBAMMCUFDTUUgUm9vdDAgFw0yNDAxMDEwMDAwMDBaGA8yMTI0MDEwMTAw
MDAwMFowIzENMAsGA1UECgwEQUNNRTESMBAGA1UEAwwJQUNNRSBSb290MFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEkHGwbBscu5hdxRDTtTgr+Kaa74NKGDmLcdma
rTerPUphY0GxBjsiNk+unVG/RFuxIFlWQ4XVj8LoAwiDh/Q1laMTMBEwDwYDVR0T
AQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA33pgID+GIOAjRiXXKb2r26JhG
gODaIBSyJ/53YUUl+gIhAKpszUKxS5/XaVWgfj2TrLFK8AnCP1PqHSjunkT9iGU1
-----END CERTIFICATE-----
"""
"""Self-signed, of a root by the name of ACME Root."""

ROOT_HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "fe3a0277952c34a64b202184a2c560917659c89a3e266588d4bc1b4d5f7201bf",
    "issuerKeyHash": "a3717406aefbdaf4bc366dabac5713dcac6f8980ef4bf82ee041907975b6a972",
    "serialNumber": "1a2b3c4d",
}
OLD_KEY = "4f43415f4f435454" * 2
NEW_KEY = "00112233445566778899aabbccddeeff0011ff80"
FIRMWARE = {
    "location": "https://example.com/firmware/2.0.bin",
    "retrieveDateTime": now(),
    "installDateTime": now(),
    "signingCertificate": ROOT,
    "signature": base64.b64encode(bytes(64)).decode(),
}


def basic(id: str, password: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(id.encode() + b":" + password).decode()}


def with_key(id: str, key: str) -> dict[str, dict[str, str]]:
    """The options of a connection with an AuthorizationKey, of which the header has the bytes."""
    return {"additional_headers": basic(id, bytes.fromhex(key))}


async def admits(system: System, id: str, **options: Any) -> bool:
    try:
        async with connect(f"{system.gateways[0]}/{id}", subprotocols=["ocpp1.6"], **options):
            return True
    except InvalidStatus as refused:
        assert refused.response.status_code == 401
        assert refused.response.headers["WWW-Authenticate"].startswith("Basic ")
        return False


async def give_key(system: System, id: str, key: str) -> None:
    answer = await system.http.post(
        f"{system.device}/chargingstations/{id}/credentials", json={"secret": key}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"stationId": id}


async def change(operator: Operator, key: str, value: str, status: str = "Accepted") -> Any:
    """Of a configuration key. Returns the command as the CSMS journals it."""
    return await operator.tell("ChangeConfiguration", {"key": key, "value": value}, {"status": status})


async def security_event(operator: Operator, type: str) -> None:
    """Is answered, and kept."""
    event = {"type": type, "timestamp": now(), "techInfo": "as told"}
    assert await operator.station.call("SecurityEventNotification", event) == {}
    [kept] = await operator.listed("messages?action=SecurityEventNotification")
    assert kept["payload"] == event


async def tells(operator: Operator, action: str, request_id: int, *statuses: str) -> None:
    for status in statuses:
        assert await operator.station.call(action, {"status": status, "requestId": request_id}) == {}


async def job(operator: Operator, kind: str, request_id: int) -> Any:
    """The only one of its kind: its outcome and statuses."""
    [known] = await operator.listed(f"jobs?kind={kind}")
    assert known["requestId"] == request_id
    return known["outcome"], [step["status"] for step in known["history"]]


@pytest.mark.parametrize(
    ("status", "key", "other"),
    [("Accepted", NEW_KEY, OLD_KEY), ("Rejected", OLD_KEY, NEW_KEY)],
    ids=["accepted", "rejected"],
)
@case("TC_073_CSMS")
async def test_a_new_key_counts_once_the_station_has_accepted_it(
    csms: System, cs: str, status: str, key: str, other: str
) -> None:
    await give_key(csms, cs, OLD_KEY)
    async with station(csms.gateways[0], cs, "1.6", **with_key(cs, OLD_KEY)) as connected:
        assert (await connected.call("BootNotification", BOOT))["status"] == "Accepted"
        changed = await change(Operator(csms, connected), "AuthorizationKey", NEW_KEY, status)
        assert NEW_KEY not in str(changed)
    await eventually(lambda: admits(csms, cs, **with_key(cs, key)), bool)
    assert not await admits(csms, cs, **with_key(cs, other))


@pytest.mark.parametrize("kind", ["ManufacturerRootCertificate", "CentralSystemRootCertificate"])
@case("TC_075_1_CSMS", "TC_075_2_CSMS")
async def test_a_root_certificate_is_installed(operator: Operator, kind: str) -> None:
    await operator.tell("InstallCertificate", {"certificateType": kind, "certificate": ROOT}, ACCEPTED)
    installed = ACCEPTED | {"certificateHashData": [ROOT_HASH]}
    await operator.tell("GetInstalledCertificateIds", {"certificateType": kind}, installed)


@case("TC_076_CSMS")
async def test_the_certificate_that_the_station_has_is_deleted(operator: Operator) -> None:
    asked = {"certificateType": "CentralSystemRootCertificate"}
    installed = await operator.tell(
        "GetInstalledCertificateIds", asked, ACCEPTED | {"certificateHashData": [ROOT_HASH]}
    )
    [found] = installed["response"]["certificateHashData"]
    await operator.tell("DeleteCertificate", {"certificateHashData": found}, ACCEPTED)
    await operator.tell("GetInstalledCertificateIds", asked, {"status": "NotFound"})


@case("TC_077_CSMS")
async def test_a_station_certificate_that_the_station_rejects_is_a_security_event(operator: Operator) -> None:
    """From CertificateSigned on: the certificate is one that the operator brings."""
    await operator.tell("CertificateSigned", {"certificateChain": ROOT}, {"status": "Rejected"})
    await security_event(operator, "InvalidChargePointCertificate")


@case("TC_078_CSMS")
async def test_a_root_certificate_that_the_station_rejects_is_a_security_event(operator: Operator) -> None:
    asked = {"certificateType": "CentralSystemRootCertificate", "certificate": ROOT}
    await operator.tell("InstallCertificate", asked, {"status": "Rejected"})
    await security_event(operator, "InvalidCentralSystemCertificate")


@case("TC_079_CSMS")
async def test_the_security_log_is_followed_until_it_is_uploaded(operator: Operator) -> None:
    log = {"remoteLocation": "https://example.com/logs", "oldestTimestamp": now(-3600)}
    asked = {"logType": "SecurityLog", "requestId": 79, "retries": 1, "retryInterval": 60, "log": log}
    await operator.tell("GetLog", asked, ACCEPTED | {"filename": "security.log"})
    await tells(operator, "LogStatusNotification", 79, "Uploading")
    assert await job(operator, "log", 79) == ("running", ["Uploading"])
    await tells(operator, "LogStatusNotification", 79, "Uploaded")
    assert await job(operator, "log", 79) == ("succeeded", ["Uploading", "Uploaded"])


@case("TC_080_CSMS")
async def test_signed_firmware_is_followed_until_it_has_booted(operator: Operator) -> None:
    steps = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"]
    await operator.tell("SignedUpdateFirmware", {"requestId": 80, "firmware": FIRMWARE}, ACCEPTED)
    await tells(operator, "SignedFirmwareStatusNotification", 80, *steps)
    assert await job(operator, "firmware", 80) == ("running", steps)
    async with rebooted(operator, firmware="2.0") as again:
        await security_event(again, "FirmwareUpdated")
        await tells(again, "SignedFirmwareStatusNotification", 80, "Installed")
        assert await job(again, "firmware", 80) == ("succeeded", [*steps, "Installed"])


@case("TC_081_CSMS")
async def test_firmware_with_a_wrong_signature_is_known_to_have_failed(operator: Operator) -> None:
    steps = ["Downloading", "Downloaded", "InvalidSignature"]
    await operator.tell("SignedUpdateFirmware", {"requestId": 81, "firmware": FIRMWARE}, ACCEPTED)
    await tells(operator, "SignedFirmwareStatusNotification", 81, *steps)
    await security_event(operator, "InvalidFirmwareSignature")
    assert await job(operator, "firmware", 81) == ("failed", steps)


@case("TC_083_CSMS")
async def test_a_station_that_was_raised_to_basic_authentication_is_not_admitted_without(
    operator: Operator,
) -> None:
    """The key comes by command: one that is given by REST ends the connection of who has another, or none."""
    system, id = operator.system, operator.station.id
    await change(operator, "AuthorizationKey", NEW_KEY)
    await change(operator, "SecurityProfile", "1")
    await operator.tell("Reset", {"type": "Hard"}, ACCEPTED)
    async with rebooted(operator, **with_key(id, NEW_KEY)) as again:
        assert (await system.status(again.station.id))["connected"] is True
        assert not await admits(system, id)


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
@case("TC_083_CSMS")
async def test_a_station_that_was_raised_from_basic_authentication_to_tls_is_not_admitted_without_tls(
    csms: System, cs: str, status: str
) -> None:
    """TLS ends at the proxy, which tells of it."""
    await give_key(csms, cs, OLD_KEY)
    plain = basic(cs, bytes.fromhex(OLD_KEY))
    tls = {"additional_headers": plain | {"X-Forwarded-Proto": "https"}}
    async with station(csms.gateways[0], cs, "1.6", additional_headers=plain) as connected:
        assert (await connected.call("BootNotification", BOOT))["status"] == "Accepted"
        operator = Operator(csms, connected)
        await change(operator, "SecurityProfile", "2", status)
        await operator.tell("Reset", {"type": "Hard"}, ACCEPTED)
        async with rebooted(operator, **tls):
            assert not await admits(csms, cs, additional_headers=plain)
            assert not await admits(csms, cs, additional_headers=plain | {"X-Forwarded-Proto": "http"})
            assert (await csms.status(cs))["connected"] is True


@pytest.mark.parametrize("password", [bytes.fromhex(NEW_KEY), NEW_KEY.encode()], ids=["bytes", "text"])
@case("TC_085_CSMS")
async def test_a_station_with_its_name_and_key_is_admitted(csms: System, cs: str, password: bytes) -> None:
    """Some stations send the bytes of the key, as they should, and many its hexadecimal text."""
    await give_key(csms, cs, NEW_KEY)
    assert not await admits(csms, cs)
    assert not await admits(csms, cs, **with_key(cs, OLD_KEY))
    assert not await admits(csms, cs, additional_headers=basic("another", password))
    async with station(csms.gateways[0], cs, "1.6", additional_headers=basic(cs, password)) as connected:
        assert (await connected.call("BootNotification", BOOT))["status"] == "Accepted"


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp0.1", "ocpp1.6"], "ocpp1.6"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
        (["ocpp0.1"], None),
        (None, None),
    ],
    ids=["only 1.6", "1.6 and an unknown one", "1.6 before 2.0.1", "an unknown one", "none"],
)
@case("TC_088_CSMS")
async def test_the_first_subprotocol_that_both_know_is_taken(
    csms: System, cs: str, offered: list[str] | None, taken: str | None
) -> None:
    url = f"{csms.gateways[0]}/{cs}"
    if taken is None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, subprotocols=offered)
        assert refused.value.response.status_code == 400
        return
    async with connect(url, subprotocols=offered) as websocket:
        assert websocket.subprotocol == taken
        assert websocket.response.headers.get_all("Sec-WebSocket-Protocol") == [taken]
