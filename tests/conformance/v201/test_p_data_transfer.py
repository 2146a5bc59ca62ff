"""P Data transfer: what OCPP has no message for (P02), and data of a vendor inside messages that it has."""

from __future__ import annotations

from ..case import case
from ..operator import Operator
from .visit import Visit, now, statuses

CUSTOM = {"vendorId": "org.example", "colour": "green", "moons": [{"name": "Europa"}]}


@case("TC_P_02_CSMS")
async def test_a_vendor_whom_nobody_knows(operator: Operator) -> None:
    payload = {"vendorId": "org.example", "messageId": "GetMoons", "data": {"planet": "Jupiter"}}

    assert await operator.station.call("DataTransfer", payload) == {"status": "UnknownVendorId"}

    [notice] = await operator.listed("messages?action=DataTransfer")
    assert notice["payload"] == payload


@case("TC_P_03_CSMS")
async def test_messages_with_data_of_a_vendor(operator: Operator, tag: str) -> None:
    status = {"timestamp": now(), "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
    assert await operator.station.call("StatusNotification", status | {"customData": CUSTOM}) == {}
    assert await statuses(operator) == {(1, 1): "Occupied"}

    visit = Visit(operator, tag)
    custom = {"customData": CUSTOM}
    answer = await visit.event("Authorized", "", custom, evse=visit.evse, idToken=visit.id_token, **custom)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    known = await visit.known()
    assert (known["active"], known["evseId"], known["idToken"]) == (True, 1, tag)
