"""The past of a small demo, told to the real services, and what their REST says of it afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from libs.csms.settings import load
from services.demo.history import YESTERDAY, History, Told, tell
from services.demo.past import MovedClock
from services.demo.run import Demo, Shown, tell_once
from services.demo.scenario import LOST_MESSAGES, MAX_STATIONS, STATIONS, UNKNOWN_STATION, DemoStation
from services.demo.sessions import Session, leaving_before, losing_messages, sessions_of
from services.processes import Silent, silent

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAYS = 2


@dataclass
class Past:
    csms: Silent
    told: Told
    shares: list[float]

    async def all(self, path: str) -> list[Any]:
        api = self.csms.transaction if path.startswith("/transactions") else self.csms.device
        answer = await api.get(path, params={"pageSize": 1000})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


@pytest.fixture(scope="module")
async def past(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Past]:
    history = History(STATIONS[:8], DAYS, NOW)
    clock, shares = MovedClock(history.since), list[float]()
    folder: Path = tmp_path_factory.mktemp("demo")
    async with silent(load(data_dir=folder), clock, "csms demo") as csms:
        told = await tell(history, csms, clock, shares.append)
        yield Past(csms, told, shares)


async def test_progress_ends_with_all(past: Past) -> None:
    assert past.shares == sorted(past.shares)
    assert past.shares[-1] == 1


async def test_every_station_has_booted_as_what_it_is(past: Past) -> None:
    stations = {one["id"]: one for one in await past.all("/chargingstations")}

    assert set(stations) == {one.id for one in STATIONS[:8]}
    for station in STATIONS[:8]:
        shown = stations[station.id]
        assert (shown["vendorName"], shown["model"]) == (station.model.vendor, station.model.name)
        assert shown["location"] == {"lat": station.lat, "lng": station.lng}
        assert shown["lastBoot"].startswith("2026-11-18T10:00")


async def test_transactions_have_the_energy_that_was_charged(past: Past) -> None:
    ended = [one for one in await past.all("/transactions") if not one["active"]]

    assert len(ended) == past.told.sessions > 20
    assert sum(float(one["energyWh"]) for one in ended) == past.told.energy_wh
    assert all(NOW - timedelta(days=DAYS) < datetime.fromisoformat(one["startedAt"]) < NOW for one in ended)


async def test_only_what_lost_messages_looks_wrong(past: Past) -> None:
    doubtful = [one for one in await past.all("/transactions") if one["warnings"] or one["missingSeqNos"]]

    assert [one["stationId"] for one in doubtful] == [
        one.id for one in STATIONS[:8] if one.trouble == LOST_MESSAGES
    ]
    assert doubtful[0]["missingSeqNos"]


async def test_one_station_went_away_yesterday_while_it_charged(past: Past) -> None:
    active = [one for one in await past.all("/transactions") if one["active"]]

    assert [one["stationId"] for one in active] == ["K-Dom"]
    answer = await past.csms.device.get("/chargingstations/K-Dom/status")
    status = answer.json()
    assert not status["connected"]
    assert status["closeCode"] == 1006
    assert datetime.fromisoformat(status["disconnectedAt"]) < NOW - timedelta(hours=12)


async def test_nothing_became_a_dead_letter_but_what_nobody_can_read(past: Past) -> None:
    letters = await past.all("/deadletters")

    assert len(letters) == 1


def test_the_same_seed_has_the_same_past() -> None:
    def past_of(seed: int) -> object:
        return [
            sessions_of(one, NOW - timedelta(days=3), NOW, Random(f"{seed}-{one.id}")) for one in STATIONS
        ]

    assert past_of(1) == past_of(1)
    assert past_of(1) != past_of(2)


def test_sessions_of_a_connector_do_not_overlap_and_its_meter_only_rises() -> None:
    since = NOW - timedelta(days=30)
    for station in STATIONS:
        by_connector = defaultdict(list)
        for session in sessions_of(station, since, NOW, Random(station.id)):
            assert since < session.started_at < session.ended_at < NOW
            by_connector[session.connector].append(session)
        assert 30 < sum(map(len, by_connector.values())) <= 31 * 4
        for sessions in by_connector.values():
            readings = [reading for one in sessions for reading in one.readings]
            assert [one.at for one in readings] == sorted(one.at for one in readings)
            assert [one.register_wh for one in readings] == sorted(one.register_wh for one in readings)


def test_stations_stand_in_germany_and_have_ids_of_their_own() -> None:
    assert len({one.id for one in STATIONS} | {UNKNOWN_STATION}) == MAX_STATIONS + 1 == 61
    assert all(47.2 < one.lat < 55.1 and 5.8 < one.lng < 15.1 for one in STATIONS)
    assert {one.model.version for one in STATIONS[:6]} == {"ocpp1.6", "ocpp2.0.1", "ocpp2.1"}


def test_lost_messages_are_neither_the_start_nor_the_end() -> None:
    sessions = sessions_of(STATIONS[1], NOW - timedelta(days=3), NOW, Random(1))

    lossy = [one for one in losing_messages(sessions) if one.lost]

    assert len(lossy) == 1
    assert 0 < lossy[0].lost[0] <= lossy[0].lost[-1] < len(lossy[0].readings) - 1
    assert losing_messages([]) == []


@pytest.mark.parametrize("hour", range(24))
def test_also_a_small_demo_has_all_of_its_troubles_whenever_it_starts(hour: int) -> None:
    until = NOW + timedelta(hours=hour)

    def past_of(station: DemoStation) -> list[Session]:
        return sessions_of(station, until - timedelta(days=2), until, Random(f"0-{station.id}"))

    assert any(one.lost for one in losing_messages(past_of(STATIONS[1])))
    assert not leaving_before(past_of(STATIONS[3]), until - YESTERDAY)[-1].ends


def test_a_station_that_leaves_does_so_within_its_last_session() -> None:
    sessions = sessions_of(STATIONS[3], NOW - timedelta(days=3), NOW, Random(1))
    at = NOW - timedelta(days=1)

    left = leaving_before(sessions, at)

    assert [one.ends for one in left] == [*[True] * (len(left) - 1), False]
    assert left[-1].started_at < at
    assert leaving_before([], at) == []


async def test_a_folder_that_has_its_past_is_told_nothing_more(tmp_path: Path) -> None:
    told: list[Told] = []
    shown = Shown(progress=lambda share: None, told=told.append, started=lambda: None)
    settings, demo = load(data_dir=tmp_path), Demo(stations=1, days=1)

    await tell_once(demo, settings, shown)
    await tell_once(demo, settings, shown)

    assert len(told) == 1
