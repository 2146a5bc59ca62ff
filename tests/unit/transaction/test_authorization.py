from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from libs.csms.clients.authorization import Authorization
from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService
from tests.documents import documents

from .fakes import Station, UserService, minute, token

EVERY_STATUS = [
    ("Accepted", "Accepted"),
    ("Blocked", "Blocked"),
    ("Expired", "Expired"),
    ("Invalid", "Invalid"),
    ("NoCredit", "Invalid"),
    ("NotAllowedTypeEVSE", "Invalid"),
    ("NotAtThisLocation", "Invalid"),
    ("NotAtThisTime", "Invalid"),
    ("Unknown", "Invalid"),
    ("Whatever", "Invalid"),
]


@pytest.mark.parametrize(("status", "in_v16"), EVERY_STATUS)
async def test_a_refused_token_of_1_6_has_a_transaction_all_the_same(
    station_v16: Station, service: TransactionService, users: UserService, status: str, in_v16: str
) -> None:
    users.known["tag"] = Authorization(status=status)

    started = await station_v16.start()
    stopped = await station_v16.stop(started["transactionId"], idTag="TAG")

    assert started["idTagInfo"] == stopped["idTagInfo"] == {"status": in_v16}
    transaction = await service.transactions.get(f"CS1:{started['transactionId']}")
    assert transaction is not None and transaction.id_token_status == status
    assert transaction.energy_wh == 5000


@pytest.mark.parametrize(("status", "_"), EVERY_STATUS[:-1])
async def test_a_refused_token_of_2_x_has_a_transaction_all_the_same(
    station_v2: Station, service: TransactionService, users: UserService, status: str, _: str
) -> None:
    users.known["tag"] = Authorization(status=status)

    assert await station_v2.event("Started", 0, 0, idToken=token()) == {"idTokenInfo": {"status": status}}

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.active and transaction.id_token_status == status


async def test_a_token_has_a_group_and_an_end(
    station_v16: Station, service: TransactionService, users: UserService
) -> None:
    until = datetime(2027, 1, 1, tzinfo=UTC)
    users.known["tag"] = Authorization(
        status="Accepted", cache_expiry_date_time=until, group_id_token="FAMILY"
    )

    started = await station_v16.start()
    event = await Station(service, Version.V201).event("Ended", 0, 0, idToken=token())

    assert started["idTagInfo"] == {
        "status": "Accepted",
        "expiryDate": "2027-01-01T00:00:00.000Z",
        "parentIdTag": "FAMILY",
    }
    assert event["idTokenInfo"] == {
        "status": "Accepted",
        "cacheExpiryDateTime": "2027-01-01T00:00:00.000Z",
        "groupIdToken": {"idToken": "FAMILY", "type": "Central"},
    }


@pytest.mark.parametrize(("length", "versions"), [(20, 3), (21, 2), (37, 1), (256, 0)])
async def test_a_group_that_does_not_fit_is_left_out(
    station_v16: Station, service: TransactionService, users: UserService, length: int, versions: int
) -> None:
    users.known["tag"] = Authorization(status="Accepted", group_id_token="G" * length)

    answers = [
        "parentIdTag" in (await station_v16.start())["idTagInfo"],
        "groupIdToken"
        in (await Station(service, Version.V201).event("Started", 0, 0, idToken=token()))["idTokenInfo"],
        "groupIdToken"
        in (await Station(service, Version.V21).event("Started", 0, 0, idToken=token()))["idTokenInfo"],
    ]

    assert sum(answers) == versions


@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
async def test_whether_no_authorization_is_accepted_is_asked(
    station_v2: Station, users: UserService, status: str
) -> None:
    users.known[""] = Authorization(status=status)

    answer = await station_v2.event("Started", 0, 0, idToken=token("", "NoAuthorization"))

    assert answer == {"idTokenInfo": {"status": status}}
    assert users.asked == [("", "NoAuthorization")]


async def test_the_type_of_a_token_is_asked_with_it(station_v2: Station, users: UserService) -> None:
    await station_v2.event("Started", 0, 0, idToken=token("TAG", "eMAID"))

    assert users.asked == [("TAG", "eMAID")]


async def test_a_token_that_is_a_secret_is_not_stored(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0, idToken=token("4711", "KeyCode"))
    await station_v2.event("Ended", 1, 1, idToken=token("4711", "KeyCode"))

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.id_token_type == "KeyCode"
    assert "4711" not in transaction.model_dump_json()


async def test_a_token_that_comes_later_is_the_token(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0)
    await station_v2.event("Updated", 1, 1, idToken=token("Bad"))
    await station_v2.event("Ended", 2, 2, idToken=token("TAG"))

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert (transaction.id_token, transaction.id_token_status) == ("Bad", "Blocked")


async def test_the_transaction_is_stored_even_if_nobody_knows_the_token(
    users: UserService, service: TransactionService
) -> None:
    async def silent(id_token: str, type_: str | None, presented: object) -> Authorization:
        raise TimeoutError

    station = Station(replace(service, authorize=silent), Version.V16)

    with pytest.raises(TimeoutError):
        await station.start()
    assert len(await documents(service.transactions, active=True, idTokenKey="tag")) == 1


async def test_one_more_than_allowed_is_concurrent(service: TransactionService, users: UserService) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=2)
    stations = [Station(service, Version.V16, f"CS{number}") for number in range(4)]

    answers = [await station.start(idTag="tag") for station in stations[:3]]

    assert [answer["idTagInfo"]["status"] for answer in answers] == ["Accepted", "Accepted", "ConcurrentTx"]
    assert [await stations[n].start(idTag="tag") for n in (0, 1, 2)] == answers
    refused = await service.transactions.get(f"CS2:{answers[2]['transactionId']}")
    assert refused is not None and refused.active and refused.id_token_status == "ConcurrentTx"
    await stations[0].stop(answers[0]["transactionId"], idTag="TAG")
    assert (await stations[3].start())["idTagInfo"] == {"status": "Accepted"}
    assert (await stations[2].start(idTag="tag"))["idTagInfo"] == {"status": "ConcurrentTx"}


async def test_a_start_that_arrives_after_its_end_is_not_concurrent(
    service: TransactionService, users: UserService
) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    await Station(service, Version.V16, "CS1").start()
    late = Station(service, Version.V201, "CS2")
    await late.event("Ended", 1, 30)

    assert await late.event("Started", 0, 10, idToken=token()) == {"idTokenInfo": {"status": "Accepted"}}


async def test_a_blocked_token_is_blocked_however_many_transactions_it_has(
    service: TransactionService, users: UserService
) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    await Station(service, Version.V16, "CS1").start()
    users.known["tag"] = Authorization(status="Blocked", max_active_transactions=1)

    answer = await Station(service, Version.V16, "CS2").start()

    assert answer["idTagInfo"] == {"status": "Blocked"}


async def test_versions_count_together(service: TransactionService, users: UserService) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    await Station(service, Version.V16, "CS1").start()
    station = Station(service, Version.V21, "CS2")

    answer = await station.event("Started", 0, 0, idToken=token("Tag"))

    assert answer == {"idTokenInfo": {"status": "ConcurrentTx"}}
    assert await station.event("Updated", 1, 1, idToken=token("Tag")) == {
        "idTokenInfo": {"status": "Accepted"}
    }
    assert await station.event("Started", 0, 0, idToken=token("Tag")) == answer


async def test_a_connector_holds_one_transaction(service: TransactionService, users: UserService) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    station_v16, station_v2 = Station(service, Version.V16, "CS1"), Station(service, Version.V201, "CS2")
    lost = await station_v16.start()

    anew = await station_v16.start(timestamp=minute(5))

    assert lost["transactionId"] != anew["transactionId"]
    assert anew["idTagInfo"] == {"status": "Accepted"}
    elsewhere = await station_v16.start(connectorId=2)
    assert elsewhere["idTagInfo"] == {"status": "ConcurrentTx"}
    evse = {"id": 1, "connectorId": 1}
    users.known["other"] = users.known["tag"]
    first = await station_v2.event("Started", 0, 0, evse=evse, idToken=token("other"))
    second = await station_v2.event(
        "Started", 0, 5, evse=evse, idToken=token("other"), transactionInfo={"transactionId": "tx-2"}
    )
    assert first == second == {"idTokenInfo": {"status": "Accepted"}}


async def test_an_evse_holds_one_transaction_whether_its_connector_is_named_or_not(
    service: TransactionService, users: UserService
) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    station = Station(service, Version.V201)
    await station.event("Started", 0, 0, evse={"id": 1, "connectorId": 1}, idToken=token())

    later = {"evse": {"id": 1}, "transactionInfo": {"transactionId": "tx-2"}}
    answer = await station.event("Started", 0, 5, idToken=token(), **later)

    assert answer == {"idTokenInfo": {"status": "Accepted"}}


async def test_of_starts_that_wait_for_an_answer_the_earlier_is_accepted(service: TransactionService) -> None:
    both_asked = asyncio.Barrier(2)

    async def authorize(id_token: str, type_: str | None, presented: object) -> Authorization:
        await both_asked.wait()
        return Authorization(status="Accepted", max_active_transactions=1)

    slow = replace(service, authorize=authorize)
    late, early = Station(slow, Version.V16, "CS1"), Station(slow, Version.V16, "CS2")

    answers = await asyncio.gather(late.start(timestamp=minute(5)), early.start(timestamp=minute(0)))

    assert [answer["idTagInfo"]["status"] for answer in answers] == ["ConcurrentTx", "Accepted"]


async def test_of_starts_at_the_same_moment_one_is_accepted(
    service: TransactionService, users: UserService
) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    stations = [Station(service, Version.V16, f"CS{number}") for number in range(5)]

    answers = await asyncio.gather(*(station.start() for station in stations))

    statuses = sorted(answer["idTagInfo"]["status"] for answer in answers)
    assert statuses == ["Accepted", *["ConcurrentTx"] * 4]


async def test_a_start_has_the_same_answer_after_the_token_was_blocked(
    station_v16: Station, station_v2: Station, users: UserService
) -> None:
    started16 = await station_v16.start()
    started2 = await station_v2.event("Started", 0, 0, idToken=token())
    users.known["tag"] = Authorization(status="Blocked")

    assert await station_v16.start() == started16
    assert await station_v2.event("Started", 0, 0, idToken=token()) == started2
