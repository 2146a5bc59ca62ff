"""Charging profiles of a station: their steps over time, as a chart and as its table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.csms.access.scopes import Role
from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages import ocpp16
from services.console.schedules import Span, bands_of, composite_band
from services.device.smart_charging.model import ChargingProfile

from .conftest import Console, Shown

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = Span(NOON, NOON + timedelta(days=1))


def profile(
    kind: str = "Absolute", start: str | None = "2026-11-22T10:00:00Z", **more: Any
) -> dict[str, Any]:
    periods = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 4 * 3600, "limit": 10}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, **more.pop("schedule", {})}
    if start is not None:
        schedule["startSchedule"] = start
    return {"chargingProfile": {"chargingProfileKind": kind, "chargingSchedule": schedule, **more}}


def hours(known: dict[str, Any]) -> list[tuple[float, float, float]]:
    """Of its steps: beginning and end in hours from noon, and the limit."""
    [band] = bands_of(known, "", DAY)
    hour = timedelta(hours=1)
    return [((step.start - NOON) / hour, (step.end - NOON) / hour, step.limit) for step in band.steps]


def test_an_absolute_schedule_is_cut_to_what_is_shown() -> None:
    assert hours(profile()) == [(0, 2, 16), (2, 24, 10)]
    assert hours(profile(schedule={"duration": 5 * 3600})) == [(0, 2, 16), (2, 3, 10)]
    assert hours(profile(start="2026-11-30T00:00:00Z")) == []


def test_a_daily_schedule_comes_again_and_not_before_it_began() -> None:
    daily = {"kind": "Recurring", "recurrencyKind": "Daily"}

    assert hours(profile(start="2026-01-01T20:00:00+01:00", **daily)) == [
        (0, 7, 10),
        (7, 11, 16),
        (11, 24, 10),
    ]
    assert hours(profile(start="2026-11-22T19:00:00Z", **daily)) == [(7, 11, 16), (11, 24, 10)]


def test_a_weekly_schedule_counts_from_its_day() -> None:
    weekly = {"kind": "Recurring", "recurrencyKind": "Weekly", "schedule": {"duration": 86_400}}

    assert hours(profile(start="2026-11-15T12:00:00Z", **weekly)) == [(0, 4, 16), (4, 24, 10)]
    assert hours(profile(start="2026-11-16T12:00:00Z", **weekly)) == []


def test_a_relative_schedule_is_drawn_from_now_and_says_so() -> None:
    [band] = bands_of(profile("Relative", None), "", DAY)

    assert [step.limit for step in band.steps] == [16, 10]
    assert band.note


def test_a_profile_is_drawn_while_it_is_valid() -> None:
    assert hours(profile(validFrom="2026-11-22T13:00:00Z", validTo="2026-11-22T15:00:00Z")) == [
        (1, 2, 16),
        (2, 3, 10),
    ]


def test_each_schedule_of_a_profile_of_2_x_is_a_band() -> None:
    known = profile()
    known["chargingProfile"]["chargingSchedule"] = [known["chargingProfile"]["chargingSchedule"]] * 3

    assert len(bands_of(known, "", DAY)) == 3


def test_a_composite_schedule_begins_when_the_station_says() -> None:
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7400.0}]}
    composite = {"receivedAt": "2026-11-22T11:00:00Z", "duration": 7200, "schedule": schedule}

    band = composite_band(composite | {"scheduleStart": "2026-11-22T12:30:00Z"}, "", DAY)

    assert [(step.end - step.start, step.limit) for step in band.steps] == [(timedelta(hours=2), 7400)]


@pytest.mark.parametrize("start", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "soon"])
def test_no_time_of_a_station_is_too_much(start: str) -> None:
    periods = [{"startPeriod": 0, "limit": 1}, {"startPeriod": 2**40, "limit": 2}]

    for kind in ("Absolute", "Recurring"):
        known = profile(kind, start, recurrencyKind="Daily", schedule={"chargingSchedulePeriod": periods})
        assert len(bands_of(known, "", DAY)) == 1


async def have_profile(console: Console) -> None:
    schedule = ocpp16.ChargingSchedule(
        charging_rate_unit="A",
        charging_schedule_period=[ocpp16.ChargingSchedulePeriod(start_period=0, limit=13)],
        start_schedule=rfc3339(utc_now()),
    )
    own = ocpp16.ChargingProfile(
        charging_profile_id=3,
        stack_level=2,
        charging_profile_purpose="TxDefaultProfile",
        charging_profile_kind="Absolute",
        charging_schedule=schedule,
    )
    known = ChargingProfile.accepted("CS1", 1, own, NOON)
    await console.devices.smart_charging.profiles.profiles.update(known.document_id, lambda _: known)


async def test_a_profile_is_a_chart_and_the_same_as_a_table(console: Console) -> None:
    await console.register("CS1")
    await have_profile(console)

    shown = await console.page("/stations/CS1/profiles")

    assert shown.all("svg", role="img")
    assert shown.all("rect")
    assert "stackLevel 2 · TxDefaultProfile · EVSE 1 · 3" in shown.text
    assert "13 A" in shown.text
    assert shown.all("input", name="chargingProfileId", value="3")
    assert shown.all("input", name="chargingProfileId", value="4")


async def test_a_limit_that_cannot_be_is_refused_with_what_was_typed(console: Console) -> None:
    await console.register("CS1")
    typed = {"limit": "much", "stackLevel": "0", "chargingRateUnit": "W", "chargingProfileId": "9"}

    refused = await console.browser.post(
        "/stations/CS1/profiles/set-charging-profile",
        data={**typed, "chargingProfilePurpose": "TxDefaultProfile", "evseId": "0"},
    )

    assert refused.status_code == 422
    shown = Shown(refused.text)
    assert "limit" in shown.text
    assert shown.all("input", name="limit", value="much")
    assert shown.all("input", name="chargingProfileId", value="9")


async def test_a_viewer_looks_at_profiles_only(console: Console) -> None:
    await console.register("CS1")
    await have_profile(console)
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/stations/CS1/profiles")

    assert shown.all("svg", role="img")
    assert not shown.all("input", name="chargingProfileId")
