"""What a station has reported of itself: jobs, events and monitors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from libs.csms.access.scopes import Role
from services.device.device_model.monitor import Monitor, MonitoredEvent
from services.device.jobs.model import Job, Step

from .conftest import Console, Shown

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
PLACE: dict[str, Any] = {"component": {"name": "Connector", "evse": {"id": 1}}, "variable": {"name": "Plug"}}


async def have_events(console: Console, count: int) -> None:
    for number in range(count):
        event = MonitoredEvent.model_validate(
            {
                "stationId": "CS1",
                "id": number,
                "timestamp": AT + timedelta(minutes=number),
                "receivedAt": AT,
                "trigger": "Alerting",
                "actualValue": f"value{number:03}",
                "eventNotificationType": "HardWiredNotification",
                **PLACE,
            }
        )

        def stored(_: MonitoredEvent | None, event: MonitoredEvent = event) -> MonitoredEvent:
            return event

        await console.devices.device_model.events.update(event.key, stored)


async def test_events_are_the_newest_first_and_come_page_by_page(console: Console) -> None:
    await console.register("CS1")
    await have_events(console, 60)

    first = await console.page("/stations/CS1/events")
    second = await console.page(first.all("a", rel="next")[0]["href"] or "")

    assert "Connector:1.Plug value059 Alerting" in first.text
    assert "value010" in first.words and "value009" not in first.words
    assert "value009" in second.words and "value000" in second.words


async def test_events_are_looked_at_in_a_span_of_time(console: Console) -> None:
    await console.register("CS1")
    await have_events(console, 5)

    shown = await console.page("/stations/CS1/events?from=2026-11-22T10:03&to=2026-11-22T10:04")

    assert "value003" in shown.words
    assert not {"value002", "value004"} & set(shown.words)


async def test_a_time_that_is_none_is_said_to_be_none(console: Console) -> None:
    await console.register("CS1")

    refused = await console.browser.get("/stations/CS1/events?from=yesterday")

    assert refused.status_code == 422
    assert Shown(refused.text).all("input", name="from", value="yesterday")


async def test_monitors_are_listed(console: Console) -> None:
    await console.register("CS1")
    monitor = Monitor.model_validate(
        {
            "stationId": "CS1",
            "id": 7,
            "type": "UpperThreshold",
            "value": 80,
            "severity": 2,
            "transaction": False,
            "reportedAt": AT,
            **PLACE,
        }
    )
    await console.devices.device_model.monitors.update(monitor.key, lambda _: monitor)

    assert "7 Connector:1.Plug UpperThreshold 80 2 no" in (await console.page("/stations/CS1/monitors")).text


async def test_a_job_shows_its_steps_and_how_it_ended(console: Console) -> None:
    await console.register("CS1")
    job = Job.begun("CS1", "firmware", 4, Step(status="Downloading", at=AT))
    job = job.merge(Step(status="InstallationFailed", at=AT, reason_code="NoSpace"), None)
    await console.devices.jobs.jobs.update(job.id, lambda _: job)

    shown = await console.page("/stations/CS1/jobs?kind=firmware")

    assert "firmware 4 failed InstallationFailed 2 steps Downloading" in shown.text
    assert "NoSpace" in shown.text
    assert "No job is known." in (await console.page("/stations/CS1/jobs?kind=log")).text


async def test_a_job_that_cannot_begin_is_refused_with_what_was_typed(console: Console) -> None:
    await console.register("CS1")

    refused = await console.browser.post(
        "/stations/CS1/jobs/update-firmware", data={"location": "https://x.example/fw"}
    )

    assert refused.status_code == 409
    assert Shown(refused.text).all("input", name="location", value="https://x.example/fw")
    assert (await console.browser.post("/stations/CS1/jobs/reset", data={})).status_code == 404


async def test_a_viewer_begins_no_job(console: Console) -> None:
    await console.register("CS1")
    await console.sign_in("vera", Role.VIEWER)

    assert not (await console.page("/stations/CS1/jobs")).all("input", name="location")
