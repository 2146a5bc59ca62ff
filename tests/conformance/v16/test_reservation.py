"""The reservation cases of OCPP 1.6."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from .charging import ACCEPTED, Charging, Json, eventually, moment, now

ID = 7


async def reserve(session: Charging, connector: int = 1, seconds: float = 3600, **more: Any) -> Json:
    """Ask for it, let the station accept, and return what was asked."""
    asked = reservation(session, connector, seconds) | more
    await session.operator.tell("ReserveNow", asked, ACCEPTED)
    kept = await until(session.operator, "active")
    assert (kept["stationId"], kept["idToken"]) == (session.operator.station.id, session.tag)
    assert moment(kept["expiryDateTime"]) == moment(asked["expiryDate"])
    return asked


def reservation(session: Charging, connector: int, seconds: float) -> Json:
    return {
        "connectorId": connector,
        "expiryDate": now(seconds),
        "idTag": session.tag,
        "reservationId": ID,
    }


async def reservations(operator: Operator) -> list[Any]:
    page = await operator.system.get(f"{operator.system.user}/reservations?stationId={operator.station.id}")
    return list(page["items"])


async def until(operator: Operator, status: str) -> Any:
    """The only reservation of the station, once it has that status."""
    [kept] = await eventually(
        lambda: reservations(operator), lambda kept: [one["status"] for one in kept] == [status]
    )
    assert kept["reservationId"] == ID
    return kept


async def used(session: Charging) -> None:
    """The reservation, by the transaction of this session."""
    assert (await session.transaction())["reservationId"] == ID
    assert (await until(session.operator, "used"))["transactionId"] == str(session.transaction_id)


@case("TC_046_CSMS")
async def test_a_reserved_connector_is_used_by_the_token_it_is_reserved_for(session: Charging) -> None:
    await session.status("Available")
    await reserve(session)
    assert (await until(session.operator, "active"))["evseId"] == 1
    await session.status("Reserved")
    assert await session.authorize() == ACCEPTED
    await session.status("Preparing")
    assert await session.start(reservationId=ID) == ACCEPTED
    await session.status("Charging")
    await used(session)


@case("TC_047_CSMS")
async def test_a_reservation_that_nobody_uses_expires(session: Charging) -> None:
    await reserve(session, seconds=1.5)
    await session.status("Reserved")
    await until(session.operator, "expired")
    await session.status("Available")
    assert await session.transactions() == []


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Unavailable", "Rejected"])
@case("TC_048_1_CSMS", "TC_048_2_CSMS", "TC_048_3_CSMS", "TC_048_4_CSMS")
async def test_the_operator_learns_why_there_is_no_reservation(session: Charging, status: str) -> None:
    asked = reservation(session, connector=1, seconds=3600)
    await session.operator.tell("ReserveNow", asked, {"status": status})
    assert await reservations(session.operator) == []


@case("TC_049_CSMS")
async def test_a_reserved_charge_point_is_used_at_any_connector(session: Charging) -> None:
    await reserve(session, connector=0)
    second = replace(session, connector=2)
    assert await second.authorize() == ACCEPTED
    await second.status("Preparing")
    assert await second.start(reservationId=ID) == ACCEPTED
    await second.status("Charging")
    await used(second)


@case("TC_051_CSMS")
async def test_a_reservation_is_cancelled(session: Charging) -> None:
    await reserve(session)
    await session.status("Reserved")
    await session.operator.tell("CancelReservation", {"reservationId": ID}, ACCEPTED)
    await until(session.operator, "cancelled")
    await session.status("Available")


@case("TC_052_CSMS")
async def test_the_operator_learns_that_there_was_nothing_to_cancel(operator: Operator) -> None:
    await operator.tell("CancelReservation", {"reservationId": ID}, {"status": "Rejected"})
    assert await reservations(operator) == []


@case("TC_053_CSMS")
async def test_a_reserved_connector_is_used_by_another_token_of_the_group(
    operator: Operator, name: str
) -> None:
    group, member = f"GROUP-{name}", {"status": "Accepted", "parentIdTag": f"GROUP-{name}"}
    for tag in (f"ONE-{name}", f"TWO-{name}"):
        await operator.system.token(tag, groupIdToken=group)
    await reserve(Charging(operator, f"ONE-{name}"), parentIdTag=group)
    session = Charging(operator, f"TWO-{name}")
    await session.status("Reserved")
    assert await session.authorize() == member
    await session.status("Preparing")
    assert await session.start(reservationId=ID) == member
    await session.status("Charging")
    await used(session)
