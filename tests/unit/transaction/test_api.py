from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService

from .fakes import Json, Station, minute, register_v2, register_v16, token


async def test_a_transaction_is_shown_without_its_evidence(
    client: httpx.AsyncClient, station_v16: Station
) -> None:
    id = (await station_v16.start(meterStart=0))["transactionId"]

    answer = await client.get(f"/transactions/CS1:{id}")

    assert answer.status_code == 200
    assert answer.json() == {
        "id": f"CS1:{id}",
        "stationId": "CS1",
        "transactionId": str(id),
        "ocppVersion": "ocpp1.6",
        "connectorId": 1,
        "idToken": "TAG",
        "idTokenStatus": "Accepted",
        "active": True,
        "startedAt": minute(0),
        "lastEventAt": minute(0),
        "meterStartWh": 0,
        "energyWh": 0,
        "offline": False,
        "missingSeqNos": [],
        "warnings": [],
        "quality": "clean",
    }
    assert (await client.get("/transactions")).json() == {"items": [answer.json()]}


async def test_energy_is_a_number(client: httpx.AsyncClient, station_v2: Station) -> None:
    await station_v2.event("Started", 0, 0, meterValue=register_v2(0, 0.5))
    await station_v2.event("Ended", 1, 1, meterValue=register_v2(1, 10.75))

    shown = (await client.get("/transactions/CS1:tx-1")).json()

    assert (shown["meterStartWh"], shown["meterStopWh"], shown["energyWh"]) == (0.5, 10.75, 10.25)


async def test_the_id_of_any_station_can_be_asked_for(
    client: httpx.AsyncClient, service: TransactionService
) -> None:
    await Station(service, Version.V201, "a b/c:d%").event("Started", 0, 0)
    (shown,) = (await client.get("/transactions")).json()["items"]

    assert (await client.get(f"/transactions/{quote(shown['id'], safe='')}")).json() == shown


@pytest.fixture
async def fleet(service: TransactionService) -> None:
    for number in range(6):
        station = Station(service, Version.V201, f"CS{number % 2}")
        await station.event(
            "Started",
            0,
            number,
            idToken=token("TAG" if number < 4 else "other"),
            transactionInfo={"transactionId": f"tx-{number}"},
        )
    await Station(service, Version.V201, "CS0").event(
        "Ended", 1, 9, transactionInfo={"transactionId": "tx-0"}
    )


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "543210"),
        ({"stationId": "CS1"}, "531"),
        ({"stationId": "CS9"}, ""),
        ({"idToken": "tag"}, "3210"),
        ({"active": "true"}, "54321"),
        ({"active": "false"}, "0"),
        ({"from": minute(2), "to": minute(4)}, "32"),
        ({"from": "2026-11-20T11:04:00+01:00"}, "54"),
        ({"stationId": "CS0", "active": "true"}, "42"),
        ({"stationId": "CS0", "idToken": "TAG", "active": "true", "to": minute(2)}, ""),
        ({"stationId": "CS0", "idToken": "TAG", "active": "true", "from": minute(1)}, "2"),
    ],
)
@pytest.mark.usefixtures("fleet")
async def test_transactions_are_found_newest_first(
    client: httpx.AsyncClient, filters: dict[str, str], found: str
) -> None:
    answer = await client.get("/transactions", params=filters)

    assert answer.status_code == 200
    assert [item["transactionId"] for item in answer.json()["items"]] == [f"tx-{number}" for number in found]


@pytest.mark.usefixtures("fleet")
async def test_the_list_comes_in_pages(client: httpx.AsyncClient) -> None:
    pages = await _pages(client, "/transactions", {"pageSize": 4, "stationId": "CS1"})
    assert [len(page) for page in pages] == [3]
    pages = await _pages(client, "/transactions", {"pageSize": 4})
    assert [[item["transactionId"][-1] for item in page] for page in pages] == [list("5432"), list("10")]


async def test_meter_values_are_single_samples_in_time_order(
    client: httpx.AsyncClient, service: TransactionService, station_v2: Station
) -> None:
    voltages = [{"value": 230.10, "measurand": "Voltage", "phase": phase} for phase in ("L1", "L2")]
    power = {"value": 11, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W", "multiplier": 3}}
    late = [{"timestamp": minute(7), "sampledValue": [*voltages, power]}]
    await station_v2.event(
        "Started", 0, 0, evse={"id": 2, "connectorId": 1}, meterValue=late + register_v2(2, 5)
    )
    signed = {"signedMeterData": "AbC=", "encodingMethod": "OCMF", "signingMethod": "", "publicKey": ""}
    await station_v2.event(
        "Updated", 1, 1, meterValue=register_v2(1, 4.5, signedMeterValue=signed, location="Inlet")
    )
    place = {"evseId": 2, "connectorId": 1, "context": "Sample.Periodic"}
    energy = {"measurand": "Energy.Active.Import.Register", "unit": "Wh"}

    items = (await client.get("/transactions/CS1:tx-1/metervalues")).json()["items"]

    assert items == [
        place
        | energy
        | {"timestamp": minute(1), "value": 4.5, "location": "Inlet", "signedMeterValue": signed},
        place | energy | {"timestamp": minute(2), "value": 5, "location": "Outlet"},
        place | _at(7) | {"measurand": "Voltage", "value": 230.1, "phase": "L1"},
        place | _at(7) | {"measurand": "Voltage", "value": 230.1, "phase": "L2"},
        place | _at(7) | {"measurand": "Power.Active.Import", "value": 11, "unit": "W", "multiplier": 3},
    ]


async def test_meter_values_of_1_6_are_in_the_words_of_2(
    client: httpx.AsyncClient, station_v16: Station
) -> None:
    id = (await station_v16.start())["transactionId"]
    sampled = [
        {"value": "21.50", "measurand": "Temperature", "unit": "Celcius"},
        {"value": "OCMF|x", "format": "SignedData"},
        {"value": "n/a", "measurand": "Voltage", "unit": "V"},
    ]
    values = [{"timestamp": minute(1), "sampledValue": sampled}]
    await station_v16.send("MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": values})
    place = {"timestamp": minute(1), "connectorId": 1, "context": "Sample.Periodic", "location": "Outlet"}

    items = (await client.get(f"/transactions/CS1:{id}/metervalues")).json()["items"]

    assert items == [
        place | {"measurand": "Temperature", "value": 21.5, "unit": "Celsius"},
        place
        | {
            "measurand": "Energy.Active.Import.Register",
            "unit": "Wh",
            "signedMeterValue": {"signedMeterData": "OCMF|x", "encodingMethod": ""},
        },
        place | {"measurand": "Voltage", "raw": "n/a", "unit": "V"},
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 30, 1000])
@pytest.mark.parametrize("samples", [1, 3])
async def test_meter_values_come_in_pages_of_any_size(
    client: httpx.AsyncClient, station_v16: Station, size: int, samples: int
) -> None:
    id = (await station_v16.start())["transactionId"]
    values = [
        {"timestamp": minute(at), "sampledValue": [{"value": str(10 * at + n)} for n in range(samples)]}
        for at in range(20)
    ]
    await station_v16.stop(id, transactionData=values)

    pages = await _pages(client, f"/transactions/CS1:{id}/metervalues", {"pageSize": size})

    everything = [10 * at + n for at in range(20) for n in range(samples)]
    assert [item["value"] for page in pages for item in page] == everything
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= size


async def test_meter_values_are_those_from_a_time_on(client: httpx.AsyncClient, station_v16: Station) -> None:
    id = (await station_v16.start())["transactionId"]
    values = [{"timestamp": minute(at), "sampledValue": [{"value": str(at)}]} for at in range(10)]
    await station_v16.stop(id, transactionData=values)

    path = f"/transactions/CS1:{id}/metervalues"
    pages = await _pages(client, path, {"from": minute(4), "pageSize": 4})

    assert [item["value"] for page in pages for item in page] == [4, 5, 6, 7, 8, 9]


async def test_register_readings_of_a_batch_are_single_documents(
    client: httpx.AsyncClient, station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    batch = register_v16(1, "1100") + register_v16(3, "1300")
    await station_v16.stop(id, transactionData=batch)
    await station_v16.send(
        "MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": register_v16(2, "1200")}
    )

    items = (await client.get(f"/transactions/CS1:{id}/metervalues")).json()["items"]

    assert [item["value"] for item in items] == [1100, 1200, 1300]


@pytest.mark.parametrize("path", ["/transactions/CS1:none", "/transactions/CS1:none/metervalues"])
async def test_an_unknown_transaction_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=2026-11-20",
        "active=perhaps",
        "pageSize=0",
        "pageSize=1001",
        "pageToken=nonsense",
        "pageToken=-1.",
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, station_v2: Station, query: str
) -> None:
    await station_v2.event("Started", 0, 0)

    answer = await client.get(f"/transactions?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("token", ["nonsense", "1", "-1.", "1.nonsense", "9999999.", "²."])
async def test_a_page_token_of_something_else_is_refused(
    client: httpx.AsyncClient, station_v2: Station, token: str
) -> None:
    await station_v2.event("Started", 0, 0)

    answer = await client.get("/transactions/CS1:tx-1/metervalues", params={"pageToken": token})

    assert answer.status_code == 422


def _at(number: float) -> Json:
    return {"timestamp": minute(number), "location": "Outlet"}


async def _pages(client: httpx.AsyncClient, path: str, query: dict[str, str | int]) -> list[list[Json]]:
    pages = []
    while True:
        answer = (await client.get(path, params=query)).json()
        pages.append(answer["items"])
        if "nextPageToken" not in answer:
            return pages
        query = query | {"pageToken": answer["nextPageToken"]}


async def test_the_docs_explain_every_field_and_parameter(client: httpx.AsyncClient) -> None:
    docs = (await client.get("/openapi.json")).json()

    fields = {
        f"{model}.{name}": field
        for model in ("TransactionView", "MeterValue")
        for name, field in docs["components"]["schemas"][model]["properties"].items()
    }
    filters = {one["name"]: one for one in docs["paths"]["/transactions"]["get"]["parameters"]}
    assert fields and filters
    assert [name for name, one in (fields | filters).items() if not one.get("description")] == []
