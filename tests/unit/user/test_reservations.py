from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.user.service import User

from .moment import NOW
from .reservation_messages import (
    cancelled,
    deleted,
    deliver,
    minute,
    reserved,
    reserved_16,
    updated,
    used,
)
from .world import user_client

PROBLEM = "application/problem+json"
ACTIVE = {
    "reservationId": 7,
    "stationId": "CS1",
    "idToken": "Tag1",
    "idTokenType": "ISO14443",
    "expiryDateTime": minute(60),
    "status": "active",
    "createdAt": minute(-10),
}


async def shown(client: httpx.AsyncClient, number: int = 7) -> dict[str, Any]:
    answer = await client.get(f"/chargingstations/CS1/reservations/{number}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(client: httpx.AsyncClient, **filters: Any) -> list[int]:
    answer = await client.get("/reservations", params=filters)
    assert answer.status_code == 200, answer.text
    return [one["reservationId"] for one in answer.json()["items"]]


def later(user: User, minutes: float) -> httpx.AsyncClient:
    at = NOW + timedelta(minutes=minutes)
    reservations = replace(user.reservations, clock=lambda: at)
    return user_client(replace(user, reservations=reservations))


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_what_a_station_of_2_accepted_is_kept(
    user: User, client: httpx.AsyncClient, version: Version
) -> None:
    connector_type = "cCCS2" if version is Version.V201 else "cType2"
    group = {"idToken": "FLEET", "type": "Central"}
    more = {"evseId": 2, "connectorType": connector_type, "groupIdToken": group}
    await deliver(user, reserved(-10, payload=more, version=version))

    expected = ACTIVE | {"evseId": 2, "connectorType": connector_type, "groupIdToken": "FLEET"}
    assert await shown(client) == expected


async def test_what_a_station_of_16_accepted_is_kept(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, reserved_16(-10, payload={"parentIdTag": "FLEET"}))

    expected = ACTIVE | {"groupIdToken": "FLEET"}
    del expected["idTokenType"]
    assert await shown(client) == expected


async def test_a_connector_of_1_6_is_an_evse(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, reserved_16(-10, payload={"connectorId": 2}))

    known = await shown(client)
    assert (known["evseId"], known["connectorId"]) == (2, 2)


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Rejected", "Unavailable"])
@pytest.mark.parametrize("reserve", [reserved, reserved_16])
async def test_what_a_station_did_not_accept_is_no_reservation(
    user: User, client: httpx.AsyncClient, reserve: Any, status: str
) -> None:
    await deliver(user, reserve(-10, status=status))

    assert await user.reservations.documents.count({}) == 0
    absent = await client.get("/chargingstations/CS1/reservations/7")
    assert (absent.status_code, absent.headers["content-type"]) == (404, PROBLEM)


@pytest.mark.parametrize("end", ["error", "timeout", "expired", "unknown"])
async def test_a_command_without_an_answer_changes_nothing(user: User, end: str) -> None:
    await deliver(user, reserved(-10))
    before = await user.reservations.documents.get("CS1:7")

    await deliver(user, reserved(-5, end=end), cancelled(-5, end=end))

    assert await user.reservations.documents.get("CS1:7") == before


async def test_a_reservation_that_is_sent_again_replaces_the_one_of_its_number(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-10), reserved(-5, expiry=90, payload={"evseId": 3}))

    renewed = {"evseId": 3, "expiryDateTime": minute(90), "createdAt": minute(-5)}
    assert await shown(client) == ACTIVE | renewed
    assert await listed(client) == [7]


async def test_a_refused_renewal_leaves_the_reservation_as_it_was(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-10), reserved(-5, expiry=90, status="Rejected"))

    assert await shown(client) == ACTIVE


@pytest.mark.parametrize("version", [Version.V16, Version.V201, Version.V21])
async def test_a_cancelled_reservation(user: User, client: httpx.AsyncClient, version: Version) -> None:
    await deliver(user, reserved(-10), cancelled(-3, version=version))

    assert await shown(client) == ACTIVE | {"status": "cancelled", "endedAt": minute(-3)}


async def test_a_station_that_does_not_know_what_to_cancel_ends_nothing(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(
        user, reserved(-10), cancelled(-3, "Rejected"), reserved(-9, number=8), updated(-8, "Removed", 8)
    )
    await deliver(user, cancelled(-3, "Rejected", number=8), cancelled(-3, "Rejected", number=9))

    assert (await shown(client))["status"] == "active"
    assert (await shown(client, 8))["status"] == "removed"
    assert await listed(client) == [7, 8]


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        ("Expired", {"status": "expired"}),
        ("Removed", {"status": "removed"}),
        ("NoTransaction", {"status": "removed", "reason": "NoTransaction"}),
    ],
)
async def test_a_reservation_ends_when_the_station_says_so(
    user: User, client: httpx.AsyncClient, status: str, ending: dict[str, str]
) -> None:
    await deliver(user, reserved(-10), updated(-2, status))

    assert await shown(client) == ACTIVE | ending | {"endedAt": minute(-2)}


async def test_a_used_reservation_names_its_transaction(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, reserved(-10), used(-2), used(-1, transaction="t2", number=None))

    use = {"status": "used", "transactionId": "t1", "transaction": "CS1:t1", "endedAt": minute(-2)}
    assert await shown(client) == ACTIVE | use


async def test_a_use_counts_for_more_than_what_the_station_says_of_it(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-10), updated(-3, "Removed"), used(-2), cancelled(-1))

    assert (await shown(client))["status"] == "used"


async def test_the_first_end_is_the_end(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, reserved(-10), cancelled(-3), updated(-2, "Removed"), updated(-1, "Expired"))

    assert await shown(client) == ACTIVE | {"status": "cancelled", "endedAt": minute(-3)}


@pytest.mark.parametrize("reserve", [reserved, reserved_16])
async def test_a_reservation_expires_by_time_without_a_message(
    user: User, client: httpx.AsyncClient, reserve: Any
) -> None:
    await deliver(user, reserve(-10))

    assert await listed(client, status="active") == [7]
    assert await listed(client, status="expired") == []
    for minutes in (60, 61):
        async with later(user, minutes) as then:
            expired = await shown(then)
            assert (expired["status"], expired["endedAt"]) == ("expired", minute(60))
            assert await listed(then, status="active") == []
            assert await listed(then, status="expired") == [7]


async def test_what_comes_after_its_time_does_not_change_it_unless_it_was_used(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-10, expiry=-5), updated(-4.9, "Expired"), cancelled(-4))
    assert (await shown(client))["endedAt"] == minute(-5)

    await deliver(user, used(-6, received=-1))
    assert (await shown(client))["status"] == "used"


OLD_ENDS = [
    updated(-20, "Expired"),
    updated(-20, "Removed"),
    cancelled(-20),
    used(-20),
    used(-20, received=-5),
    used(-20, received=-10),
]


@pytest.mark.parametrize("end", OLD_ENDS)
async def test_the_end_of_an_earlier_reservation_does_not_end_a_later_one_of_its_number(
    user: User, client: httpx.AsyncClient, end: Message
) -> None:
    await deliver(user, reserved(-30, id="old"), reserved(-10, id="new"), end, reserved(-30, id="old"))

    assert await shown(client) == ACTIVE


async def test_a_number_that_was_used_can_be_used_again_at_once(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(
        user, reserved(-30), used(-10.02, received=-10.01), reserved(-10), used(-10.02, received=-9)
    )
    assert await shown(client) == ACTIVE

    await deliver(user, used(-4, transaction="t2"))
    assert (await shown(client))["transactionId"] == "t2"


async def test_a_station_whose_clock_is_wrong_uses_its_reservation(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-10), used(-300, received=-4))

    assert (await shown(client))["status"] == "used"


async def test_a_station_whose_clock_is_a_little_slow_uses_a_number_again(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-30), updated(-20, "Removed"), reserved(-10), used(-10.4, received=-9.9))

    assert (await shown(client))["status"] == "used"


async def test_the_end_of_what_is_not_known_is_shown_to_nobody(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, used(-3), cancelled(-2), updated(-1, "Removed"))

    assert (await client.get("/chargingstations/CS1/reservations/7")).status_code == 404
    assert await listed(client) == []
    await deliver(user, reserved(-10))
    assert (await shown(client))["status"] == "used"


async def test_the_ends_of_one_number_are_bounded(user: User) -> None:
    await deliver(user, *(used(minute, transaction=f"t{minute}") for minute in range(-60, 0)))

    kept = await user.reservations.documents.get("CS1:7")
    assert kept is not None
    assert [end.transaction_id for end in kept.ends] == [f"t{number}" for number in range(-20, 0)]


async def test_reservations_are_found_by_station_status_and_token(
    user: User, client: httpx.AsyncClient
) -> None:
    other = {"idToken": {"idToken": "TAG2", "type": "Local"}}
    await deliver(user, reserved(-10, number=1, expiry=10), reserved(-10, number=2, expiry=20, payload=other))
    await deliver(user, reserved_16(-10, number=3, expiry=30), cancelled(-5, number=3))
    await deliver(user, reserved(-10, number=4, expiry=-1), reserved(-10, number=5), used(-2, number=5))

    assert await listed(client) == [2, 1, 4, 5, 3]
    assert await listed(client, status="active") == [2, 1]
    assert await listed(client, status="expired") == [4]
    assert await listed(client, status="cancelled") == [3]
    assert await listed(client, status="used", stationId="CS1") == [5]
    assert await listed(client, status="removed") == []
    assert await listed(client, idToken="tag1") == [1, 4, 5, 3]
    assert await listed(client, idToken="tag1", status="active") == [1]
    assert await listed(client, idToken="Tag2", stationId="CS1") == [2]
    assert await listed(client, stationId="CS1", status="active", idToken="TAG1") == [1]
    assert await listed(client, stationId="CS2") == []


async def test_pages_go_on_from_the_time_of_the_first(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, *(reserved(-10, number=number, expiry=number) for number in range(1, 6)))

    first = (await client.get("/reservations?status=active&pageSize=2")).json()
    async with later(user, 2.5) as then:
        rest = await then.get(f"/reservations?status=active&pageToken={first['nextPageToken']}")
        assert await listed(then, status="active") == [5, 4, 3]

    pages = [*first["items"], *rest.json()["items"]]
    assert [(one["reservationId"], one["status"]) for one in pages] == [
        (number, "active") for number in (5, 4, 3, 2, 1)
    ]
    assert "nextPageToken" not in rest.json()


@pytest.mark.parametrize(
    "query", ["status=gone", "pageToken=x", "pageToken=5.x", "pageToken=-5.x", f"pageToken={'9' * 20}.x"]
)
async def test_what_is_not_a_question_is_refused(client: httpx.AsyncClient, query: str) -> None:
    refused = await client.get(f"/reservations?{query}")

    assert (refused.status_code // 100, refused.headers["content-type"]) == (4, PROBLEM)


@pytest.mark.parametrize("path", ["CS2/reservations/7", "CS1/reservations/8", "CS1/reservations/-1"])
async def test_an_unknown_reservation_is_not_found(user: User, client: httpx.AsyncClient, path: str) -> None:
    await deliver(user, reserved(-10))

    absent = await client.get(f"/chargingstations/{path}")

    assert (absent.status_code, absent.headers["content-type"]) == (404, PROBLEM)
    assert (await client.get("/chargingstations/CS1/reservations/x")).status_code == 422


async def test_a_hidden_token_stays_hidden(user: User, client: httpx.AsyncClient) -> None:
    await deliver(user, reserved(-10, payload={"idToken": {"idToken": "***", "type": "KeyCode"}}))

    assert await shown(client) == ACTIVE | {"idToken": "***", "idTokenType": "KeyCode"}


async def test_a_reservation_outlives_its_token(user: User, client: httpx.AsyncClient) -> None:
    await client.post("/idtokens", json={"idToken": "Tag1"})
    await deliver(user, reserved(-10))

    await client.delete("/idtokens/Tag1")

    assert await shown(client) == ACTIVE


async def test_a_deleted_station_holds_nothing_any_more_and_a_new_one_of_its_id_may(
    user: User, client: httpx.AsyncClient
) -> None:
    await deliver(user, reserved(-10, number=1), reserved(-10, number=2), reserved(-10, expiry=-8, number=3))

    await deliver(user, deleted(-5), reserved(-4, number=2), deleted(-5))

    removed = await shown(client, 1)
    assert (removed["status"], removed["endedAt"]) == ("removed", minute(-5))
    assert removed["reason"] == "the charging station has been deleted"
    assert (await shown(client, 2))["status"] == "active"
    assert (await shown(client, 3))["status"] == "expired"
    assert await listed(client, stationId="CS1", status="active") == [2]


async def test_a_time_may_be_written_in_small_letters(user: User, client: httpx.AsyncClient) -> None:
    """RFC 3339 allows it, so a station may get it and accept it."""
    await deliver(user, reserved_16(-10, payload={"expiryDate": "2026-11-20t12:30:00.5z"}))

    assert (await shown(client))["expiryDateTime"] == "2026-11-20T12:30:00.500Z"
