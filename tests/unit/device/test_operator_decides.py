"""Pending and Accepted for a station that runs: it is asked to boot, and its transactions always count."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest

from libs.csms.messaging.bus import UnknownTopic
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.event import (
    REGISTRATION_STATUS_CHANGED,
    RegistrationStatusChanged,
    StationDisconnected,
)
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.device.service import Device

from .onboarding import answer, asked, boots, connects, deliver_events
from .operator import Operator
from .station import Csms, StoppedClock, after

V16, V201, V21 = Version.V16, Version.V201, Version.V21
PATH = "/chargingstations/CS1"


async def runs(operator: Operator, station: Csms, version: Version) -> None:
    """A station that is accepted, and has told its settings."""
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    operator.bus.published.clear()


async def decides(operator: Operator, status: str) -> list[RegistrationStatusChanged]:
    """The operator sets the status, and the event of that is delivered."""
    assert (await operator.http.patch(PATH, json={"registrationStatus": status})).status_code == 200
    decisions = [event for event in operator.events if event.action == "RegistrationStatusChanged"]
    await deliver_events(operator)
    return [REGISTRATION_STATUS_CHANGED.decode(event.data) for event in decisions]


async def boot(station: Csms, version: Version, connection: str = "1") -> str:
    charging_station = {"vendorName": "V", "model": "M", "firmwareVersion": "1.0"}
    payload: dict[str, Any] = {"reason": "Triggered", "chargingStation": charging_station}
    if version is V16:
        payload = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1.0"}
    response = await station.call(
        "BootNotification", payload, version=version, connection_id=connection, at=station.clock()
    )
    return str(response["status"])


def is_boot_trigger(command: Message) -> bool:
    payload = json.loads(command.data)
    return (command.action, payload) == ("TriggerMessage", {"requestedMessage": "BootNotification"})


@pytest.mark.parametrize("version", [V16, V201, V21])
async def test_a_running_station_is_asked_to_boot_after_both_changes(
    operator: Operator, station: Csms, device: Device, version: Version
) -> None:
    await runs(operator, station, version)

    [pending] = await decides(operator, "Pending")
    [trigger] = await asked(operator, 10)
    assert is_boot_trigger(trigger)
    await answer(operator, trigger, {"status": "Accepted"})
    assert await boot(station, version) == "Pending"
    assert await asked(operator, 20) == []
    admission = await device.security.admit("CS1", "", False)
    assert (admission.registration_status, admission.was_accepted) == ("Pending", True)
    assert admission.decision_number == pending.number

    [accepted] = await decides(operator, "Accepted")
    [again] = await asked(operator, 30)
    assert is_boot_trigger(again) and again.message_id != trigger.message_id
    await answer(operator, again, {"status": "Accepted"})
    assert await boot(station, version) == "Accepted"
    assert (await device.security.admit("CS1", "", False)).registration_status == "Accepted"
    assert (pending.status, accepted.status) == ("Pending", "Pending"), (
        "it was told to wait, so it boots first"
    )
    assert accepted.number > pending.number
    assert (await operator.http.get(PATH)).json().get("bootDue") is None


@pytest.mark.parametrize("version", [V16, V201])
async def test_a_station_that_was_not_told_to_wait_is_accepted_on_its_open_connection(
    operator: Operator, station: Csms, device: Device, version: Version
) -> None:
    """Without the profile RemoteTrigger of 1.6, or where the station refuses: it boots when it likes."""
    await runs(operator, station, version)
    for status, seconds in (("Pending", 10), ("Accepted", 20)):
        [decision] = await decides(operator, status)
        assert decision.status == status
        [trigger] = await asked(operator, seconds)
        await operator.refuse(trigger, ErrorCode.NOT_SUPPORTED, "no RemoteTrigger")
        await deliver_events(operator)
        assert await asked(operator, seconds + 5) == []

    assert (await device.security.admit("CS1", "", False)).registration_status == "Accepted"
    assert (await operator.post("Reset", {"type": "Soft" if version is V16 else "Immediate"})).is_success


async def test_a_station_that_is_away_is_asked_when_it_is_back(operator: Operator, station: Csms) -> None:
    await runs(operator, station, V201)
    await station.event(StationDisconnected(code=1000), at=after(5))
    await decides(operator, "Pending")
    assert await asked(operator, 700) == []

    await connects(station, V201, "2")
    [trigger] = await asked(operator, 705)
    assert is_boot_trigger(trigger)
    assert await boot(station, V201, "2") == "Pending"
    await connects(station, V201, "3")
    assert await asked(operator, 720) == []


async def test_a_rejected_station_is_asked_nothing_and_once_it_is_pending_it_is_asked(
    operator: Operator, station: Csms
) -> None:
    await runs(operator, station, V201)
    await decides(operator, "Rejected")
    await connects(station, V201, "2")
    assert await asked(operator, 20) == []

    await decides(operator, "Pending")
    [trigger] = await asked(operator, 30)
    assert is_boot_trigger(trigger)


async def test_an_event_that_comes_twice_or_late_asks_nothing_more(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await runs(operator, station, V201)
    [decision] = await decides(operator, "Pending")
    [trigger] = await asked(operator, 10)
    for seconds in (11, 12):
        await station.event(decision, at=after(seconds))
        assert await asked(operator, seconds + 10) == []
    await answer(operator, trigger, {"status": "Accepted"})
    await boot(station, V201)

    await station.event(decision, at=after(30))
    assert await asked(operator, 40) == []


async def test_a_station_that_never_booted_stays_pending_when_it_is_accepted(
    operator: Operator, station: Csms
) -> None:
    """Its BootNotification is still to come, so nobody asks for it."""
    assert [one.status for one in await decides(operator, "Pending")] == ["Pending"]
    await connects(station, V201, "1")
    assert [one.status for one in await decides(operator, "Accepted")] == ["Pending"]
    assert await asked(operator, 60) == []
    assert (await operator.device.security.admit("CS1", "", False)).was_accepted is False


@pytest.mark.parametrize("topic", ["RegistrationStatusChanged", "StationAccessRevoked"])
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_a_decision_that_could_not_be_published_is_published_when_it_is_repeated(
    operator: Operator, station: Csms, topic: str, status: str
) -> None:
    await runs(operator, station, V201)
    operator.topics_gone.add(topic)
    with suppress(UnknownTopic):
        await operator.http.patch(PATH, json={"registrationStatus": status})
    operator.topics_gone.clear()
    operator.bus.published.clear()

    await operator.http.patch(PATH, json={"registrationStatus": status})
    published = [event.action for event in operator.events]
    expected = ["RegistrationStatusChanged"]
    assert published == (["StationAccessRevoked", *expected] if status == "Rejected" else expected)
    await deliver_events(operator)
    assert [is_boot_trigger(one) for one in await asked(operator, 10)] == [True] * (status == "Pending")


async def test_decisions_are_numbered_whatever_the_clock_does(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await runs(operator, station, V201)
    numbers = []
    for seconds, status in ((10, "Pending"), (10, "Accepted"), (-3600, "Pending"), (10, "Accepted")):
        clock.at = after(seconds)
        numbers += [one.number for one in await decides(operator, status)]

    assert len(numbers) == 4 and numbers == sorted(set(numbers))


async def test_what_the_csms_knows_of_a_decision_is_not_the_client_s_to_set(
    operator: Operator, station: Csms
) -> None:
    await runs(operator, station, V201)
    await decides(operator, "Pending")
    shown = (await operator.http.get(PATH)).json()
    assert shown["bootDue"] is True

    sent: httpx.Response = await operator.http.put(PATH, json=shown | {"bootDue": None, "decidedAt": None})
    assert sent.json() == shown
