"""Block N of OCPP 2.0.1, customer information: what a station knows about a customer, told and cleared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .local_list import changed, known
from .reporting import AT, hashes

Json = dict[str, Any]
CUSTOMER = {"idToken": {"idToken": "DRIVER-1", "type": "ISO14443"}}
ACCEPTED = {"status": "Accepted"}


def asked(customer: Json = CUSTOMER, *, report: bool = True, clear: bool = False) -> Json:
    """The request names the customer in one way (N10.FR.08)."""
    return {"requestId": 1, "report": report, "clear": clear} | customer


async def tell(station: Station, *texts: str) -> None:
    for number, text in enumerate(texts):
        part = {"data": text, "seqNo": number, "tbc": number + 1 < len(texts)}
        payload = {"requestId": 1, "generatedAt": AT} | part
        assert await station.call("NotifyCustomerInformation", payload) == {}


async def information(operator: Operator) -> Json:
    """As the CSMS has put it together."""
    id = operator.station.id
    return dict(
        await operator.system.get(f"{operator.system.device}/chargingstations/{id}/customerinformation/1")
    )


async def no_information(operator: Operator) -> None:
    url = f"{operator.system.device}/chargingstations/{operator.station.id}/customerinformation/1"
    assert (await operator.system.http.get(url)).status_code == 404


@pytest.mark.parametrize(
    ("customer", "clear"),
    [
        (CUSTOMER, False),
        (CUSTOMER, True),
        ({"customerIdentifier": "customer-42"}, True),
        ({"customerCertificate": hashes("4711")}, True),
    ],
    ids=["TC_N_27", "TC_N_30", "TC_N_62", "TC_N_63"],
)
@case("TC_N_27_CSMS", "TC_N_30_CSMS", "TC_N_62_CSMS", "TC_N_63_CSMS")
async def test_what_a_station_knows_about_a_customer_is_put_together(
    station: Station, operator: Operator, customer: Json, clear: bool
) -> None:
    await operator.tell("CustomerInformation", asked(customer, clear=clear), ACCEPTED)
    await tell(station, "one transaction, ", "two messages")
    content = await information(operator)
    assert (content["status"], content["text"]) == ("complete", "one transaction, two messages")
    assert content["missingSeqNos"] == []


@pytest.mark.parametrize("clear", [False, True], ids=["TC_N_28", "TC_N_31"])
@case("TC_N_28_CSMS", "TC_N_31_CSMS")
async def test_a_station_that_knows_nothing_about_the_customer_says_so(
    station: Station, operator: Operator, clear: bool
) -> None:
    await operator.tell("CustomerInformation", asked(clear=clear), ACCEPTED)
    await no_information(operator)
    await tell(station, "")
    content = await information(operator)
    assert (content["status"], content["text"]) == ("complete", "")


@case("TC_N_29_CSMS")
async def test_a_station_that_does_not_tell(operator: Operator) -> None:
    outcome = await operator.tell("CustomerInformation", asked(), {"status": "Rejected"})
    assert outcome["response"] == {"status": "Rejected"}
    await no_information(operator)


@case("TC_N_32_CSMS")
async def test_what_a_station_knows_is_cleared_without_a_report(operator: Operator) -> None:
    outcome = await operator.tell("CustomerInformation", asked(report=False, clear=True), ACCEPTED)
    assert (outcome["payload"]["report"], outcome["payload"]["clear"]) == (False, True)
    await no_information(operator)


@case("TC_N_46_CSMS")
async def test_a_cleared_customer_is_removed_from_the_local_list(
    csms: System, station: Station, operator: Operator, tag: str, name: str
) -> None:
    other = f"OTHER-{name}"
    await csms.token(other)
    station.answers["GetLocalListVersion"] = {"versionNumber": 0}
    first = await changed(operator, "PUT", {"idTokens": [tag, other]})
    customer = {"idToken": {"idToken": tag, "type": "ISO14443"}}
    await operator.tell("CustomerInformation", asked(customer, clear=True), ACCEPTED)
    await tell(station, "was in the local list")
    sent = await changed(operator, "PATCH", {"remove": [tag]})
    assert (sent["updateType"], sent["versionNumber"] > first["versionNumber"]) == ("Differential", True)
    assert sent["localAuthorizationList"] == [customer]
    assert (await known(operator))["idTokens"] == [other]
