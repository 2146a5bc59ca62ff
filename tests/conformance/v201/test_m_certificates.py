"""Block M of OCPP 2.0.1: the certificates that a station has, as far as no authority is needed."""

from __future__ import annotations

from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from .reporting import CERTIFICATE, hashes

Json = dict[str, Any]
CSMS, MANUFACTURER = "CSMSRootCertificate", "ManufacturerRootCertificate"
V2G, MO, CHAIN = "V2GRootCertificate", "MORootCertificate", "V2GCertificateChain"


def installed(*types: str) -> list[Json]:
    """What a station says that has one certificate of each type."""
    roots = [
        {"certificateType": type_, "certificateHashData": hashes(str(n))} for n, type_ in enumerate(types)
    ]
    below = {"childCertificateHashData": [hashes("51"), hashes("52")]}
    return [root | below if root["certificateType"] == CHAIN else root for root in roots]


async def logged(operator: Operator, action: str) -> Json:
    [command] = await operator.listed(f"commands?action={action}")
    return {name: command[name] for name in ("payload", "status", "response")}


@pytest.mark.parametrize(
    "type_", [CSMS, MANUFACTURER, V2G, MO], ids=["TC_M_01", "TC_M_02", "TC_M_03", "TC_M_04"]
)
@case("TC_M_01_CSMS", "TC_M_02_CSMS", "TC_M_03_CSMS", "TC_M_04_CSMS")
async def test_a_root_certificate_is_installed(operator: Operator, type_: str) -> None:
    root = {"certificateType": type_, "certificate": CERTIFICATE}
    await operator.tell("InstallCertificate", root, {"status": "Accepted"})
    known = {"payload": root, "status": "answered", "response": {"status": "Accepted"}}
    assert await logged(operator, "InstallCertificate") == known


@case("TC_M_05_CSMS")
async def test_a_root_certificate_that_a_station_could_not_install(operator: Operator) -> None:
    root = {"certificateType": MANUFACTURER, "certificate": CERTIFICATE}
    why = {"status": "Failed", "statusInfo": {"reasonCode": "OutOfStorage"}}
    await operator.tell("InstallCertificate", root, why)
    assert (await logged(operator, "InstallCertificate"))["response"] == why


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ([CSMS], [CSMS]),
        ([MANUFACTURER], [MANUFACTURER]),
        ([V2G], [V2G]),
        ([CHAIN], [CHAIN]),
        ([MO], [MO]),
        ([CSMS, MANUFACTURER], [CSMS, MANUFACTURER]),
        ([], [CSMS, MANUFACTURER, V2G, CHAIN, MO]),
    ],
    ids=["TC_M_12", "TC_M_13", "TC_M_14", "TC_M_15", "TC_M_16", "TC_M_17", "TC_M_18"],
)
@case(
    "TC_M_12_CSMS",
    "TC_M_13_CSMS",
    "TC_M_14_CSMS",
    "TC_M_15_CSMS",
    "TC_M_16_CSMS",
    "TC_M_17_CSMS",
    "TC_M_18_CSMS",
)
async def test_the_certificates_of_a_station_are_read(
    operator: Operator, asked: list[str], answered: list[str]
) -> None:
    payload = {"certificateType": asked} if asked else {}
    response = {"status": "Accepted", "certificateHashDataChain": installed(*answered)}
    await operator.tell("GetInstalledCertificateIds", payload, response)
    known = {"payload": payload, "status": "answered", "response": response}
    assert await logged(operator, "GetInstalledCertificateIds") == known


@case("TC_M_19_CSMS")
async def test_a_station_has_no_certificate_of_that_type(operator: Operator) -> None:
    await operator.tell("GetInstalledCertificateIds", {"certificateType": [V2G]}, {"status": "NotFound"})
    assert (await logged(operator, "GetInstalledCertificateIds"))["response"] == {"status": "NotFound"}


@pytest.mark.parametrize("status", ["Accepted", "Failed"], ids=["TC_M_20", "TC_M_21"])
@case("TC_M_20_CSMS", "TC_M_21_CSMS")
async def test_a_certificate_is_deleted_by_the_hashes_that_the_station_told(
    operator: Operator, status: str
) -> None:
    """In the very hash algorithm of the station (M04.FR.07)."""
    [reported] = installed(MANUFACTURER)
    there = {"status": "Accepted", "certificateHashDataChain": [reported]}
    outcome = await operator.tell("GetInstalledCertificateIds", {"certificateType": [MANUFACTURER]}, there)
    [read] = outcome["response"]["certificateHashDataChain"]
    name = {"certificateHashData": read["certificateHashData"]}
    assert name == {"certificateHashData": reported["certificateHashData"]}
    await operator.tell("DeleteCertificate", name, {"status": status})
    assert (await logged(operator, "DeleteCertificate"))["response"] == {"status": status}
