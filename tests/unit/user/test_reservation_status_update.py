from __future__ import annotations

import json

import httpx
import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.user.service import User, router

from .moment import NOW


@pytest.mark.parametrize(
    ("version", "status"),
    [(Version.V201, "Expired"), (Version.V201, "Removed"), (Version.V21, "NoTransaction")],
)
async def test_the_end_of_a_reservation_is_kept_once(
    user: User, client: httpx.AsyncClient, version: Version, status: str
) -> None:
    payload = {"reservationId": 7, "reservationUpdateStatus": status}
    ACTIONS[version]["ReservationStatusUpdate"].request_validator.check(payload)
    message = Message(
        data=json.dumps(payload).encode(),
        message_id="1",
        station_id="CS1",
        action="ReservationStatusUpdate",
        kind=Kind.CALL,
        origin=Direction.FROM_STATION,
        ocpp_version=version,
        sent_at=rfc3339(NOW),
        reply_to="ReservationStatusUpdateResponse",
    )
    bus = Answers()
    for _ in range(2):
        await router.handle(message, bus, user, user.clock)  # type: ignore[arg-type]

    assert [answer.data for answer in bus.answers] == [b"{}", b"{}"]
    [notice] = (await client.get("/chargingstations/CS1/messages")).json()["items"]
    assert (notice["payload"], notice["ocppVersion"]) == (payload, version.value)


class Answers:
    def __init__(self) -> None:
        self.answers: list[Message] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.answers.append(message)
