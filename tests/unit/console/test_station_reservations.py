"""The reservations and the local list of a station."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from libs.csms.access.scopes import Role
from libs.csms.clock import utc_now
from services.user.reservations.model import AcceptedReservation, Reservation, reservation_key

from .conftest import Console, Shown


async def have_reservation(console: Console, number: int, until: datetime) -> None:
    accepted = AcceptedReservation(
        evse_id=1,
        id_token="TAG",
        expiry_date_time=until,
        command_id="c1",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    reservation = Reservation(station_id="CS1", reservation_id=number).with_accepted(accepted)
    key = reservation_key("CS1", number)
    await console.users.reservations.documents.update(key, lambda _: reservation)


async def test_reservations_are_listed_by_their_state_and_the_active_ones_can_be_cancelled(
    console: Console,
) -> None:
    await console.register("CS1")
    await have_reservation(console, 7, utc_now() + timedelta(hours=1))
    await have_reservation(console, 8, utc_now() - timedelta(hours=1))

    shown = await console.page("/stations/CS1/reservations")
    assert "7 active TAG 1" in shown.text
    assert "8 expired TAG 1" in shown.text
    assert [field["value"] for field in shown.all("input", name="reservationId")] == ["7"]
    active = await console.page("/stations/CS1/reservations?status=active")

    assert "expired TAG" not in active.text


async def test_what_cannot_be_reserved_is_refused_with_what_was_typed(console: Console) -> None:
    await console.register("CS1")
    typed = {"idToken": "TAG", "expiryDateTime": "2030-01-01T10:00"}

    refused = await console.browser.post("/stations/CS1/reservations/reserve-now", data=typed)
    assert refused.status_code == 409
    shown = Shown(refused.text)

    assert shown.all("input", name="idToken", value="TAG")
    assert shown.all("input", name="expiryDateTime", value="2030-01-01T10:00")
    assert (await console.browser.post("/stations/CS1/reservations/reset", data={})).status_code == 404


async def test_a_viewer_reserves_nothing(console: Console) -> None:
    await console.register("CS1")
    await have_reservation(console, 7, utc_now() + timedelta(hours=1))
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/stations/CS1/reservations")

    assert "7 active" in shown.text
    assert not shown.all("input", name="reservationId")
    assert not shown.all("input", name="idToken")
