"""Which station a URL names, and which version the two sides speak."""

from __future__ import annotations

import pytest

from libs.ocpp_messages.version import Version
from services.websocket_gateway import identity
from services.websocket_gateway.refused import Refused


@pytest.mark.parametrize(
    ("target", "station"),
    [
        ("/ocpp/CS1", "CS1"),
        ("/ocpp/CS1?token=/x/y", "CS1"),
        ("/ocpp/CP%201", "CP 1"),
        ("/ocpp/a+b", "a+b"),
        ("/ocpp/%C3%BC%2Fx", "ü/x"),
        ("/ocpp/100%2525", "100%25"),
        ("/ocpp/00:11:22", "00:11:22"),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + "%C3%BC" * 48, "ü" * 48),
    ],
)
def test_the_last_segment_is_decoded_once(target: str, station: str) -> None:
    assert identity.station_id(target) == station


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/ocpp/", 404),
        ("/ocpp", 404),
        ("/ocpp/?x=CS1", 404),
        ("/ocpp/a/b", 404),
        ("/ocpp/a/", 404),
        ("/OCPP/a", 404),
        ("/ws/ocpp/a", 404),
        ("*", 404),
        ("/ocpp/" + "x" * 49, 400),
        ("/ocpp/%", 400),
        ("/ocpp/%zz", 400),
        ("/ocpp/%ff", 400),
        ("/ocpp/%ED%A0%80", 400),
        ("/ocpp/a%00b", 400),
        ("/ocpp/a%0Ab", 400),
        ("/ocpp/.", 400),
        ("/ocpp/%2E%2E", 400),
    ],
)
def test_what_names_no_station_is_refused(target: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        identity.station_id(target)

    assert refused.value.status == status


@pytest.mark.parametrize(
    ("offers", "version"),
    [
        (["ocpp1.6"], Version.V16),
        (["ocpp1.6, ocpp2.0.1"], Version.V16),
        (["ocpp2.0.1, ocpp1.6"], Version.V201),
        (["ocpp2.1", "ocpp2.0.1"], Version.V21),
        (["ocpp2.0,ocpp1.5", "ocpp2.0.1"], Version.V201),
    ],
)
def test_the_order_of_the_client_counts(offers: list[str], version: Version) -> None:
    assert identity.version(offers) is version


@pytest.mark.parametrize("offers", [[], [""], ["ocpp0.1"], ["OCPP1.6"], ["ocpp1.6;"], ["ocpp 1.6"]])
def test_without_a_common_version_there_is_no_connection(offers: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        identity.version(offers)

    assert refused.value.status == 400
    assert "ocpp1.6, ocpp2.0.1, ocpp2.1" in refused.value.text


def test_a_colon_is_part_of_a_station_id_in_1_6_only() -> None:
    identity.check("00:11", Version.V16)

    with pytest.raises(Refused):
        identity.check("00:11", Version.V201)
