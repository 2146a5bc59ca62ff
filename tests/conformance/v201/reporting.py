"""What a station of 2.x tells bit by bit, and what the CSMS then knows of it."""

from __future__ import annotations

from typing import Any

from tests.e2e.station import Station

from ..operator import Operator

Json = dict[str, Any]
AT = "2026-03-01T10:00:00Z"

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBhjCCAS2gAwIBAgIUOPP4RN3lt+XHHymvIbdUJGIAdZMwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOUm9vdCBvZiBhIHRlc3QwHhcNMjYxMTIwMjEzMjUzWhcNNDYx
MTE1MjEzMjUzWjAZMRcwFQYDVQQDDA5Sb290IG9mIGEgdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABIjOH8aRNrqo4oRSmCwyWrTGks+EkmI8/SLfP8xKSOQ8
jA64DUJ7Gzn6q93UTHb9AVF5Bn8F68Sj6+J2rFz0duejUzBRMB0GA1UdDgQWBBTm
vZUKKtoLwcJ75PNWfiaGfuqnWTAfBgNVHSMEGDAWgBTmvZUKKtoLwcJ75PNWfiaG
fuqnWTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIHnr4AqVImpF
MVHsa7gmF9pTLrRSmT2IC7RkJ5YelbrXAiBdbWOgodwZb/S0RMluaYsfJQdc/kc5
J0+3Zgxq9I2Dmw==
-----END CERTIFICATE-----
"""
"""A root in PEM, for installing and for signing."""


def hashes(serial_number: str) -> Json:
    """By which a certificate is named."""
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "ab" * 32,
        "issuerKeyHash": "cd" * 32,
        "serialNumber": serial_number,
    }


def of_evse(component: str, variable: str, evse: int = 1) -> Json:
    return {"component": {"name": component, "evse": {"id": evse}}, "variable": {"name": variable}}


async def progress(station: Station, action: str, request_id: int, *statuses: str, **more: Any) -> None:
    """The station says how far it is with what it was asked, step by step."""
    for status in statuses:
        assert await station.call(action, {"status": status, "requestId": request_id} | more) == {}


async def jobs(operator: Operator, kind: str) -> dict[int, Json]:
    """What the CSMS knows of them, by the number of the request."""
    return {one["requestId"]: one for one in await operator.listed(f"jobs?kind={kind}")}


def course(job: Json) -> tuple[str, list[str]]:
    return job["outcome"], [step["status"] for step in job["history"]]


async def noticed(operator: Operator, action: str, service: str = "device") -> list[Json]:
    """The payloads of such messages that the CSMS has kept; those of the same millisecond in any order."""
    return [one["payload"] for one in await operator.listed(f"messages?action={action}", service)]


async def security_event(operator: Operator, type_: str) -> None:
    event = {"type": type_, "timestamp": AT, "techInfo": "as the tester says"}
    assert await operator.station.call("SecurityEventNotification", event) == {}
    assert event in await noticed(operator, "SecurityEventNotification")


async def complete(operator: Operator, action: str, request_id: int) -> bool:
    """Whether the CSMS has all parts of that report."""
    reports = await operator.listed("reports")
    asked = [one for one in reports if (one["action"], one["requestId"]) == (action, request_id)]
    return [one["status"] for one in asked] == ["complete"]
