from __future__ import annotations

from typing import Any

import httpx

from .fakes import Json, Station

SETTLEMENT = {
    "pspRef": "p",
    "status": "Settled",
    "settlementAmount": 12.34,
    "settlementTime": "2026-11-20T11:00:00Z",
}


async def test_a_settlement_can_be_read_as_it_came(client: httpx.AsyncClient, station_v21: Station) -> None:
    assert await station_v21.send("NotifySettlement", SETTLEMENT) == {}

    [message] = await messages(client, action="NotifySettlement")
    assert (message["payload"], message["ocppVersion"]) == (SETTLEMENT, "ocpp2.1")


async def test_a_vat_number_that_nobody_checks_is_not_said_to_be_right(
    client: httpx.AsyncClient, station_v21: Station
) -> None:
    asked = {"vatNumber": "DE1", "evseId": 2}

    answer = await station_v21.send("VatNumberValidation", asked)

    assert (answer["vatNumber"], answer["evseId"], answer["status"]) == ("DE1", 2, "Rejected")
    assert [message["payload"] for message in await messages(client)] == [asked]


async def messages(client: httpx.AsyncClient, **params: Any) -> list[Json]:
    response = await client.get("/chargingstations/CS1/messages", params=params)
    assert response.status_code == 200, response.text
    items: list[Json] = response.json()["items"]
    return items
