"""What is measured behind a slow receiver: the pace it keeps, and when it is back."""

from __future__ import annotations

import io

import pytest

from benchmarks import slow
from benchmarks.client import Offered, SyncClient
from benchmarks.run import Run
from benchmarks.slow import Receiver, Sample, observed, recovery
from benchmarks.tally import Tally, obey
from benchmarks.timing import BATCH, Until


def samples(*counts: int) -> list[Sample]:
    return [Sample(place * 0.5, count, (0,)) for place, count in enumerate(counts)]


def test_a_receiver_is_back_when_it_handles_four_fifths_of_what_it_did() -> None:
    # 100 in half a second before it is slow (until 1.5 s), 1 while it is (until 3 s), then 10, then 90.
    assert recovery(samples(0, 100, 200, 300, 301, 302, 303, 313, 403), 1.5, 3.0) == pytest.approx(1.0)
    assert recovery(samples(0, 100, 200, 300, 301, 302, 303, 313, 323), 1.5, 3.0) is None
    assert recovery([], 1.5, 3.0) is None


def test_short_delays_are_added_up_until_they_are_worth_a_sleep() -> None:
    tally, now = Tally(), 100.0
    tally.delay = 0.0001
    pauses = []
    for _ in range(1000):
        pauses.append(tally.pause(now))
        now += pauses[-1]
    assert sum(pauses) == pytest.approx(0.1, rel=0.02)
    assert min(pause for pause in pauses if pause) >= 0.001


def test_a_sleep_that_lasted_too_long_is_made_up_for_but_not_an_idle_time() -> None:
    tally = Tally()
    tally.delay = 0.02
    assert tally.pause(100.0) == pytest.approx(0.02)
    assert tally.pause(100.025) == pytest.approx(0.015)
    assert tally.pause(200.0) == pytest.approx(0.01)


def test_orders_set_the_pace_and_are_answered_with_the_count(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally()
    tally.count = 7
    monkeypatch.setattr("sys.stdin", io.StringIO("count\npace 0.02\n"))
    obey(tally)
    assert capsys.readouterr().out == "7\n7\n"
    assert tally.delay == 0.02


class Forgetful(SyncClient):
    """Hands every third message to nobody, fails with every fourth."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        while not until.over():
            self.idle(0.001)
        self.tally.count += 6
        return Offered(12, 3)

    def ask(self, payload: bytes, until: Until) -> list[float]:
        return []

    def in_flight(self, payload: bytes, until: Until) -> float:
        raise NotImplementedError

    def count(self) -> int:
        return self.tally.count


def test_lost_is_what_was_sent_and_neither_failed_nor_was_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REST", "INTERVAL"):
        monkeypatch.setattr(slow, name, 0.01)
    tally, orders = Tally(), []

    def order(text: str) -> int:
        orders.append(text)
        return tally.count

    client = Forgetful(tally)
    found = observed(client, Receiver(order, client.pid), 0.02, 1024, Run(seconds=0.05))
    assert {name: found[name] for name in ("sent", "failed", "delivered", "lost")} == {
        "sent": 12,
        "failed": 3,
        "delivered": 6,
        "lost": 3,
    }
    paces = [text for text in orders if text != "count"]
    assert paces[0] == "pace 0.02"
    assert paces[-1] == "pace 0"


def test_a_sender_is_stopped_before_it_takes_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = iter(range(0, 1 << 60, slow.MEMORY_LIMIT))
    monkeypatch.setattr(slow, "resident_bytes", lambda pid: next(grown))
    monkeypatch.setattr(slow, "REST", 0.01)
    tally = Tally()
    client = Forgetful(tally)
    found = observed(client, Receiver(lambda text: tally.count, client.pid), 0.02, 1024, Run(seconds=600.0))
    assert found["stopped"] < 60
    assert "recovery" not in found
