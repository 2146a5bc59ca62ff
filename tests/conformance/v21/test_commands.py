"""Blocks F, M and O of OCPP 2.1: what commands can ask of a station since then."""

from __future__ import annotations

from typing import Any

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from ..v201.display import TEXT, message, shown
from ..v201.reporting import CERTIFICATE, security_event

Json = dict[str, Any]


@case("TC_F_100_CSMS")
async def test_a_station_is_triggered_by_a_word_of_its_own(station: Station, operator: Operator) -> None:
    trigger = {"requestedMessage": "CustomTrigger", "customTrigger": "SecurityState"}
    outcome = await operator.tell("TriggerMessage", trigger, {"status": "Accepted"})
    assert outcome["payload"] == trigger
    await security_event(operator, "SettingSystemTime")
    unknown = {"requestedMessage": "CustomTrigger", "customTrigger": "Nonsense"}
    await operator.tell("TriggerMessage", unknown, {"status": "NotImplemented"})


@case("TC_M_101_CSMS")
async def test_the_root_certificate_of_a_car_maker_is_installed(operator: Operator) -> None:
    root = {"certificateType": "OEMRootCertificate", "certificate": CERTIFICATE}
    outcome = await operator.tell("InstallCertificate", root, {"status": "Accepted"})
    assert outcome["payload"] == root


@case("TC_O_100_CSMS")
async def test_a_station_does_not_know_the_language_of_a_message(operator: Operator) -> None:
    dutch = {"format": "UTF8", "language": "nl", "content": "Welkom"}
    german = {"format": "UTF8", "language": "de", "content": "Willkommen"}
    await shown(operator, message(message=dutch, messageExtra=[TEXT, german]), "LanguageNotSupported")
