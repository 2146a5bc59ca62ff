from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version
from services.simulator.messages import Reading, Request, Transaction
from services.simulator.messages_v2 import MessagesV2
from services.simulator.messages_v16 import MessagesV16
from services.simulator.quirks import ALL, QUIRKS, quirk_of
from tests.unit.simulator.test_commands import ID, station

REQUEST_QUIRKS = [name for name, quirk in QUIRKS.items() if quirk.request is not quirk_of("", 0).request]
VERSIONS = list(Version)


def requests(version: Version) -> list[Request]:
    """Every request of a session."""
    messages = MessagesV16() if version is Version.V16 else MessagesV2(version)
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    transaction = Transaction(1, "04A1B2C3", "17")
    reading = Reading(at, 1000, 11_000, 0, False)
    return [
        messages.boot_notification("CS001", "PowerUp"),
        messages.status_notification(1, "Available", at),
        messages.authorize("04A1B2C3"),
        messages.transaction_started(transaction, reading),
        messages.meter_values(transaction, reading),
        messages.transaction_ended(transaction, reading),
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", REQUEST_QUIRKS)
def test_a_quirk_changes_messages_of_a_session_that_were_valid(name: str, version: Version) -> None:
    changed = []
    for request in requests(version):
        clean = orjson.loads(encode(request.payload))
        request.action.request_validator.check(clean)
        payload = QUIRKS[name].request(request.action.name, orjson.loads(encode(request.payload)))
        if orjson.dumps(payload) != orjson.dumps(clean):
            changed.append(request.action.name)

    assert changed


@pytest.mark.parametrize("name", REQUEST_QUIRKS)
def test_a_quirk_leaves_texts_of_a_report_that_are_no_numbers(name: str) -> None:
    """A station is asked for its variables while it charges, if that takes long enough."""
    report = {"seqNo": 0, "reportData": [{"variableAttribute": [{"value": "false"}, {"value": ""}]}]}

    changed = QUIRKS[name].request("NotifyReport", report)

    assert changed["reportData"] == [{"variableAttribute": [{"value": "false"}, {"value": ""}]}]


async def test_a_quirk_of_answers_leaves_the_rest_of_them_alone() -> None:
    async with station("1.6", quirks="off-form-answers") as system:
        answer = await system.command(ID, "ClearCache", {})

    assert isinstance(answer, frame.Result)
    assert answer.payload == {"status": "Accepted", "vendorExtension": 1}


async def test_a_mute_station_answers_no_command_and_charges() -> None:
    async with station("1.6", sessions=1, quirks="mute") as system:
        await system.connections[ID].send('[2,"1","ClearCache",{}]')
        await system.until(lambda: len(system.payloads("MeterValues")) > 2)

    assert system.answers == {}


async def test_a_quirk_of_the_handshake_is_on_the_wire() -> None:
    async with station("1.6", quirks="extra-slashes") as system:
        request = system.connections[""].request
        assert request is not None
        assert request.path == f"/ocpp//{ID}/"


def test_with_all_the_stations_take_turns() -> None:
    taken = [quirk_of(ALL, number).description for number in range(len(QUIRKS) + 1)]
    assert taken == [quirk.description for quirk in [*QUIRKS.values(), next(iter(QUIRKS.values()))]]
    with pytest.raises(KeyError):
        quirk_of("no-such", 0)
