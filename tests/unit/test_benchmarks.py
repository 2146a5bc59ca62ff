"""What the benchmark sends must be OCPP, or it would measure how fast nonsense is refused."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from benchmarks.attacks import CLIENTS, Attack
from benchmarks.csms import THIS_CHECKOUT, Checkout, Csms
from benchmarks.echo import Echo
from benchmarks.fill import TRANSACTION, copies
from benchmarks.load import charging, closed_loop, open_loop
from benchmarks.results import Figure, compare, percentile
from benchmarks.rows import QUICK, ROWS, Size
from benchmarks.run import run_against
from benchmarks.siege import Phase, figures_of
from benchmarks.station import TEXT, NotConnected, Station, frame, payload
from benchmarks.traffic import traffic
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp1.6"])
async def test_the_traffic_is_valid_and_mixed_as_promised(version: str) -> None:
    requests = traffic("BENCH-00001", version)
    calls = [orjson.loads(b'[2,"1"' + requests.next()) for _ in range(100)]

    for _, _, action, content in [*calls, orjson.loads(b'[2,"1"' + requests.boot)]:
        ACTIONS[Version(version)][action].request_validator.check(content)
    actions = [action for _, _, action, _ in calls]
    measured = "TransactionEvent" if version == "ocpp2.0.1" else "MeterValues"
    counts = [actions.count(a) for a in (measured, "StatusNotification", "Heartbeat", "Authorize")]
    assert counts == [40, 30, 20, 10]
    metered = next(content for _, _, action, content in calls if action == measured)
    assert len(metered["meterValue"][0]["sampledValue"]) == 10


@pytest.mark.parametrize("size", [0, 125, 126, 65_535])
def test_a_frame_is_read_only_when_it_is_whole(size: int) -> None:
    text = b"x" * size
    head = bytes((129, size)) if size < 126 else bytes((129, 126)) + size.to_bytes(2, "big")

    assert payload(head + text + b"more", 0) == (TEXT, text, len(head) + size)
    assert size == 0 or payload(head + text[:-1], 0) is None
    assert frame(TEXT, text).endswith(b"\0\0\0\0" + text)


async def test_both_loops_count_what_is_answered() -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    async with server:
        echo = Csms(0, server.sockets[0].getsockname()[1], 0, 0, 0)
        async with charging(echo, ["A", "B"]) as fleet:
            closed = await closed_loop(fleet, 0, 0.05, lambda: None)
            opened = await open_loop(fleet, 1_000, 0.05)

    assert closed.errors == opened.errors == {}
    assert len(closed.latencies) > 2
    assert len(opened.latencies) == 50


class Refusing(Echo):
    """Upgrades, then answers every call with a CALLERROR."""

    def data_received(self, data: bytes) -> None:
        if not self._open:
            super().data_received(data)
            return
        begin = data.index(b'"') + 1
        text = b'[4,"' + data[begin : data.index(b'"', begin)] + b'","InternalError","",{}]'
        self._transport.write(bytes((129, len(text))) + text)


async def test_a_call_error_is_never_counted_as_an_answer() -> None:
    server = await asyncio.get_running_loop().create_server(Refusing, "127.0.0.1", 0)
    async with server:
        station = Station("A", "ocpp1.6", server.sockets[0].getsockname()[1])
        await station.connect()
        with pytest.raises(NotConnected, match="InternalError"):
            await station.call_and_wait(traffic("A", "ocpp1.6").boot)
        load = await closed_loop([(station, traffic("A", "ocpp1.6"))], 0, 0.02, lambda: None)
        station.abort()

    assert load.latencies == []
    assert load.errors["InternalError"] > 0


async def test_a_refused_handshake_says_when_to_come_back() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        station = Station("A", "ocpp1.6", server.sockets[0].getsockname()[1])
        with pytest.raises(NotConnected) as refused:
            await station.connect()

    assert refused.value.retry_after == 7


def test_a_budget_is_met_or_missed() -> None:
    assert Figure("a", "", 5_000, "", at_least=5_000).verdict == "met"
    assert Figure("a", "", 4_999.9, "", at_least=5_000).verdict == "MISSED"
    assert Figure("a", "", 40, "", below=40).verdict == "MISSED"
    assert Figure("a", "", 40, "").verdict == ""


def test_nothing_measured_is_no_percentile() -> None:
    assert percentile([3, 1, 2], 50) == 2
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


def test_a_comparison_is_the_median_of_the_pairs_and_above_one_where_this_checkout_is_better() -> None:
    def figures(calls: float, latency: float) -> list[Figure]:
        return [
            Figure("a", "rate", calls, "calls/s"),
            Figure("a", "p50", latency, "ms"),
            Figure("a", "errors", 0, "calls"),
        ]

    this = [figures(110, 5), figures(300, 20), figures(90, 10)]
    other = [figures(100, 10), figures(100, 10), figures(100, 10)]
    rate, latency = compare(this, other)

    assert (rate.ratio, latency.ratio) == (1.1, 1.0)
    assert rate.ratios == [0.9, 1.1, 3.0]
    assert latency.ratios == [0.5, 1.0, 2.0]
    assert (rate.median_this, rate.median_other) == (110, 100)


async def test_both_checkouts_are_measured_in_turns_and_a_row_that_fails_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = Checkout.at(tmp_path)
    measured: list[Checkout] = []

    async def row(size: Size, checkout: Checkout) -> list[Figure]:
        measured.append(checkout)
        return [Figure("b", "latency", 10 if checkout is other else 5, "ms")]

    async def broken(size: Size, checkout: Checkout) -> list[Figure]:
        raise ValueError("nothing was measured")

    monkeypatch.setitem(ROWS, "a", broken)
    monkeypatch.setitem(ROWS, "b", row)
    results = await run_against(other, 3, ["a", "b"], QUICK, lambda what: None)

    assert measured == [THIS_CHECKOUT, other, other, THIS_CHECKOUT, THIS_CHECKOUT, other]
    assert [comparison.ratio for comparison in results.comparisons] == [2]
    assert results.failures == {"a": "ValueError: nothing was measured"}


def test_a_checkout_runs_with_its_own_interpreter_code_and_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CSMS_BACKEND", "google")
    without = Checkout.at(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()

    assert without.python == sys.executable
    assert Checkout.at(tmp_path).python == str(python)
    assert without.environment["PYTHONPATH"] == str(tmp_path)
    assert "CSMS_BACKEND" not in without.environment


def test_the_store_is_filled_with_copies_of_different_transactions_and_times() -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    text = f"{TRANSACTION} at 2026-01-01T00:00:00.000Z"
    ids, documents = zip(*copies(text, text, first, 250), strict=True)

    assert ids == documents
    assert len(set(ids)) == 250
    assert ids[0] == "TRANSACTION-00000 at 2026-01-01T00:00:01.000Z"
    assert ids[-1] == "TRANSACTION-00002 at 2026-01-01T00:04:10.000Z"


async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An API that knows nobody."""
    with suppress(asyncio.IncompleteReadError, OSError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}")
    writer.close()


@pytest.mark.parametrize(("attack", "counted"), [("guess", "guesses"), ("slow", "half-sent requests")])
async def test_attackers_count_what_they_do(attack: str, counted: str) -> None:
    async with await asyncio.start_server(refusing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        made = Attack([port], port, time.monotonic() + 60)
        acting = [asyncio.create_task(CLIENTS[attack][1](made, number)) for number in range(6)]
        async with asyncio.timeout(30):
            while made.counts[counted] < 6:
                await asyncio.sleep(0)
        for one in acting:
            one.cancel()
        await asyncio.gather(*acting, return_exceptions=True)

    assert made.counts["answered 401"] == made.counts["guesses"]


async def test_a_flood_goes_on_until_its_connection_ends() -> None:
    async def reads_little(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(100_000)
        writer.transport.abort()

    async with await asyncio.start_server(reads_little, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        made = Attack([port], port, time.monotonic() + 60)
        acting = asyncio.create_task(made.flood(0))
        async with asyncio.timeout(30):
            while made.counts["bodies"] < 3:
                await asyncio.sleep(0)
        acting.cancel()
        await asyncio.gather(acting, return_exceptions=True)

    assert made.counts["MB sent"] >= 2 * 100_000  # bytes, until they are reported


def test_of_the_rounds_of_a_siege_the_median_counts() -> None:
    def phase(p99: float, peak: float) -> Phase:
        return Phase(p99, peak, 0, 10)

    before = [phase(10, 100), phase(10, 130), phase(100, 130)]
    during = [phase(15, 130), phase(15, 131), phase(1_000, 132)]
    found = {one.what: one for one in figures_of("slow", before, during, Counter({"guesses": 30}), 3)}

    assert (found["ratio"].value, found["ratio"].verdict) == (1.5, "met")
    assert (found["growth in one round, at most"].value, found["calls without an answer"].value) == (30, 0)
    assert found["of the most frequent a second"].value == 10
