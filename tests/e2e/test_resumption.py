"""After an interruption: the CSMS sends again what a station may have forgotten (E17)."""

from __future__ import annotations

import asyncio
from typing import Any

from .sessions import Session2
from .station import Station, booted_station
from .system import System
from .test_charging_profiles import ACCEPTED, profile, setting, tell, until_known


def dynamic(transaction_id: str, limit: int) -> Any:
    period = {"startPeriod": 0, "limit": limit}
    return profile(
        "2.1",
        1,
        chargingProfilePurpose="TxProfile",
        chargingProfileKind="Dynamic",
        transactionId=transaction_id,
        chargingSchedule=[{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
    )


async def until_pulled(connected: Station, update: Any) -> None:
    """At last the station is told this when it asks for the newest."""
    async with asyncio.timeout(30):
        while True:
            answer = await connected.call("PullDynamicScheduleUpdate", {"chargingProfileId": 1})
            if answer == {"status": "Accepted", "scheduleUpdate": update}:
                return
            await asyncio.sleep(0.1)


async def test_a_resumed_transaction_gets_its_newest_profile_again(system: System, cs: str, tag: str) -> None:
    async with booted_station(system.gateways[0], cs, "2.1") as connected:
        session = Session2(connected, f"tx-{cs}", tag)
        assert await session.start() == "Accepted"
        sent = dynamic(session.transaction_id, 16)
        await tell(system, connected, "SetChargingProfile", setting("2.1", 1, sent), ACCEPTED)
        await until_known(system, cs, (1, 1))
        update = {"chargingProfileId": 1, "scheduleUpdate": {"limit": 10}}
        await tell(system, connected, "UpdateDynamicSchedule", update, ACCEPTED)
        await until_pulled(connected, {"limit": 10})

        resumed = session.updated(0) | {"triggerReason": "TxResumed"}
        expecting = asyncio.create_task(connected.expect("SetChargingProfile"))
        for _ in range(2):
            assert await connected.call("TransactionEvent", resumed) == {}
        again = await expecting
        assert again.payload == setting("2.1", 1, dynamic(session.transaction_id, 10))
        await again.answer(ACCEPTED)

        await until_pulled(connected, {"limit": 10})
        commands = await system.get(
            f"{system.device}/chargingstations/{cs}/commands?action=SetChargingProfile"
        )
        assert len(commands["items"]) == 2
