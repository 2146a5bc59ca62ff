"""H Reservation: an EVSE is held for a driver (H01 to H04). The CSMS keeps what has become of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from libs.csms.clock import parse_time, utc_now

from ..case import case
from ..operator import Operator
from .visit import ACCEPTED, Json, Notify, Visit, notify_availability, notify_status, now, statuses, until


def reservation(id_token: str, number: int = 1, seconds: float = 600, **more: Any) -> Json:
    token = {"idToken": id_token, "type": "ISO14443"}
    return {"id": number, "expiryDateTime": now(seconds), "idToken": token} | more


async def reservations(operator: Operator, status: str, count: int = 1) -> list[Any]:
    """Of the station, in the order of their numbers, once there are so many and they have that status."""

    async def look() -> list[Any]:
        url = f"{operator.system.user}/reservations?stationId={operator.station.id}"
        found = (await operator.system.get(url))["items"]
        return found if [one["status"] for one in found] == [status] * count else []

    return sorted(await until(look), key=lambda one: one["reservationId"])


async def reserve(operator: Operator, asked: Json) -> None:
    """Reserved, of the first EVSE."""
    await operator.tell("ReserveNow", asked, ACCEPTED)
    await notify_status(operator.station, "Reserved")
    assert await statuses(operator) == {(1, 1): "Reserved"}

    [kept] = await reservations(operator, "active")
    assert (kept["reservationId"], kept["stationId"]) == (asked["id"], operator.station.id)
    assert (kept["idToken"], kept["expiryDateTime"]) == (asked["idToken"]["idToken"], asked["expiryDateTime"])
    assert kept.get("evseId") == asked.get("evseId")


async def use(operator: Operator, visit: Visit, number: int) -> None:
    """The driver arrives and charges."""
    await notify_status(operator.station, "Available")
    answer = await visit.event("Authorized", evse=visit.evse, idToken=visit.id_token, reservationId=number)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await visit.plug_in()
    await visit.charge()

    assert (await visit.known())["reservationId"] == number
    [kept] = await reservations(operator, "used")
    assert kept["transactionId"] == visit.transaction_id


async def ended(operator: Operator, number: int, status: str) -> None:
    payload = {"reservationId": number, "reservationUpdateStatus": status}
    assert await operator.station.call("ReservationStatusUpdate", payload) == {}


@case("TC_H_01_CSMS")
async def test_an_evse_is_held_for_a_driver_who_comes(operator: Operator, tag: str) -> None:
    await reserve(operator, reservation(tag, 101, evseId=1))

    await use(operator, Visit(operator, tag), 101)


@case("TC_H_07_CSMS")
async def test_nobody_comes(operator: Operator, tag: str) -> None:
    asked = reservation(tag, 107, seconds=2, evseId=1)
    await reserve(operator, asked)

    left = parse_time(asked["expiryDateTime"]) - utc_now()
    await asyncio.sleep(left.total_seconds())
    await notify_status(operator.station, "Available")
    await ended(operator, 107, "Expired")

    [kept] = await reservations(operator, "expired")
    assert "transactionId" not in kept
    assert await statuses(operator) == {(1, 1): "Available"}


@case("TC_H_08_CSMS")
async def test_any_evse_is_held(operator: Operator, tag: str) -> None:
    await reserve(operator, reservation(tag, 108))


@case("TC_H_14_CSMS")
async def test_as_many_reservations_as_there_are_evses(operator: Operator, tag: str) -> None:
    for number in (1, 2):
        await notify_status(operator.station, "Available", number)

    for number in (1, 2):
        await operator.tell("ReserveNow", reservation(tag, number), ACCEPTED)
    for number in (1, 2):
        await notify_availability(operator.station, "Reserved", number)

    assert await statuses(operator) == {(1, 1): "Reserved", (2, 1): "Reserved"}
    kept = await reservations(operator, "active", 2)
    assert [one["reservationId"] for one in kept] == [1, 2]


@case("TC_H_15_CSMS")
async def test_a_connector_of_one_type_is_held(operator: Operator, tag: str) -> None:
    await reserve(operator, reservation(tag, 115, connectorType="cType2"))


@case("TC_H_17_CSMS")
async def test_a_reservation_is_cancelled(operator: Operator, tag: str) -> None:
    await reserve(operator, reservation(tag, 117, evseId=1))

    await operator.tell("CancelReservation", {"reservationId": 117}, ACCEPTED)
    await notify_status(operator.station, "Available")

    [kept] = await reservations(operator, "cancelled")
    assert kept["reservationId"] == 117
    assert await statuses(operator) == {(1, 1): "Available"}


@case("TC_H_19_CSMS")
async def test_an_evse_is_held_for_a_group_and_another_of_it_comes(operator: Operator, name: str) -> None:
    for member in ("A", "B"):
        await operator.system.token(f"{member}-{name}", groupIdToken=f"GROUP-{name}")
    group = {"idToken": f"GROUP-{name}", "type": "Central"}
    await reserve(operator, reservation(f"A-{name}", 119, evseId=1, groupIdToken=group))

    visit = Visit(operator, f"B-{name}")
    answer = await operator.station.call("Authorize", {"idToken": visit.id_token})
    assert answer["idTokenInfo"] == {"status": "Accepted", "groupIdToken": group}
    await use(operator, visit, 119)


@pytest.mark.parametrize("notify", [notify_status, notify_availability])
@case("TC_H_20_CSMS")
async def test_an_evse_that_is_held_breaks_down(operator: Operator, tag: str, notify: Notify) -> None:
    await reserve(operator, reservation(tag, 120, evseId=1))

    await notify(operator.station, "Faulted")
    await ended(operator, 120, "Removed")

    [kept] = await reservations(operator, "removed")
    assert kept["reservationId"] == 120
    assert await statuses(operator) == {(1, 1): "Faulted"}


@case("TC_H_22_CSMS")
async def test_a_station_that_takes_no_reservations(operator: Operator, tag: str) -> None:
    await notify_status(operator.station, "Available")

    await operator.tell("ReserveNow", reservation(tag, 122, evseId=1), {"status": "Rejected"})

    url = f"{operator.system.user}/reservations?stationId={operator.station.id}"
    assert (await operator.system.get(url))["items"] == []
    assert await statuses(operator) == {(1, 1): "Available"}
