"""Counters become rates between two looks; of another process they begin anew."""

from __future__ import annotations

from peerbus.operate.top.rates import FORGET, KEPT, Rates


def test_a_rate_is_known_after_two_looks() -> None:
    rates = Rates()
    rates.feed(10.0, "run", {"sent": 100})
    assert rates.rate("sent") is None
    rates.feed(12.0, "run", {"sent": 150})
    assert rates.rate("sent") == 25.0
    rates.feed(13.0, "run", {"sent": 150})
    assert (rates.rate("sent"), rates.history("sent")) == (0.0, (25.0, 0.0))
    assert rates.history("nothing") == ()


def test_another_process_and_a_counter_that_begins_anew_have_no_rates_yet() -> None:
    rates = Rates()
    for now, run, value in ((1.0, 1, 100), (2.0, 1, 200), (3.0, 2, 300)):
        rates.feed(now, run, {"sent": value})
    assert rates.rate("sent") is None
    rates.feed(4.0, 2, {"sent": 5})
    assert rates.rate("sent") is None
    rates.feed(5.0, 2, {"sent": 15})
    assert rates.rate("sent") == 10.0


def test_what_is_read_no_more_is_forgotten_after_a_while() -> None:
    rates = Rates()
    rates.feed(0.0, "run", {"peer": 1, "sent": 1})
    rates.feed(1.0, "run", {"peer": 2, "sent": 2})
    rates.feed(FORGET, "run", {"sent": 3})
    assert rates.rate("peer") == 1.0
    rates.feed(FORGET + 2.0, "run", {"sent": 4})
    assert rates.rate("peer") is None


def test_no_more_is_kept_than_is_shown() -> None:
    rates = Rates()
    for now in range(3 * KEPT):
        rates.feed(float(now), "run", {"sent": float(now)})
    assert len(rates.history("sent")) == KEPT
    assert rates.total(["sent", "nothing"]) == 1.0
    assert rates.total(["nothing"]) is None
