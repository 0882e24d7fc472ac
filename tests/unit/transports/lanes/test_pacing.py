"""How many bytes of large bodies may be on their way: by probes, on a clock of the test's own."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.lanes.pacing import CEILING, FIRST_TOKEN, FLOOR, PROBE_EVERY, Pacer

PART = 16 * 1024


class Path:
    """Carries parts at `rate` bytes a second, and answers probes after a round trip of `trip` seconds."""

    def __init__(self, rate: float, trip: float) -> None:
        self.pacer = Pacer()
        self.now = 0.0
        self._rate, self._trip = rate, trip
        self._free_at = 0.0
        self._answers: deque[tuple[float, int]] = deque()
        self.carried = 0

    def run(self, seconds: float) -> None:
        """Write whenever it may."""
        end = self.now + seconds
        while self.now < end:
            while self.pacer.open:
                probe = self.pacer.wrote(PART, self.now)
                self.carried += PART
                self._free_at = max(self._free_at, self.now) + PART / self._rate
                if probe is not None:
                    self._answers.append((self._free_at + self._trip, probe))
            at, token = self._answers.popleft()
            self.now = max(self.now, at)
            assert self.pacer.heard(token, self.now)

    @property
    def queue(self) -> float:
        """Seconds that a byte written now would wait for those before it."""
        return max(0.0, self._free_at - self.now)


def test_nothing_more_than_a_window_is_on_its_way_and_a_pong_opens_it_again() -> None:
    pacer = Pacer()
    tokens = []
    while pacer.open:
        tokens.append(pacer.wrote(PART, 0.0))
    assert FLOOR <= pacer.outstanding < FLOOR + PART
    assert tokens[-1] is not None, "shut, and no probe under way that would open it"
    assert pacer.heard(tokens[-1], 0.001)
    assert (pacer.open, pacer.outstanding) == (True, 0)


def test_a_pong_speaks_for_all_probes_before_it_and_counts_once() -> None:
    pacer = Pacer()
    tokens = [token for _ in range(6) if (token := pacer.wrote(PART, 0.0)) is not None]
    assert len(tokens) > 1
    assert pacer.heard(tokens[-1], 0.001)
    assert not any(pacer.heard(token, 0.002) for token in tokens)


@pytest.mark.parametrize("token", [0, 1, FIRST_TOKEN - 1, FIRST_TOKEN, (1 << 64) - 1])
def test_a_pong_that_answers_no_probe_is_nobodys(token: int) -> None:
    assert not Pacer().heard(token, 1.0)


@pytest.mark.parametrize(("rate", "trip"), [(1e6, 0.05), (1e7, 0.05), (1.25e8, 0.02), (1e8, 0.0001), (1e9, 0.001)])
def test_a_path_is_filled_and_no_long_queue_stands_before_it(rate: float, trip: float) -> None:
    path = Path(rate, trip)
    path.pacer.tripped(trip)
    path.run(max(40 * trip, 40 * FLOOR / rate))
    before, since = path.carried, path.now
    path.run(max(40 * trip, 40 * FLOOR / rate))
    assert (path.carried - before) / (path.now - since) > 0.9 * rate
    assert path.queue <= max(1.5 * trip, 1.5 * FLOOR / rate)


def test_the_window_stays_within_its_bounds_whatever_the_clock_says() -> None:
    pacer = Pacer()
    pacer.tripped(1e6)
    for _ in range(50):
        token = None
        while token is None:
            token = pacer.wrote(PROBE_EVERY, 5.0)
        assert pacer.heard(token, 5.0)
        assert FLOOR <= pacer.window <= CEILING


@given(st.lists(st.tuples(st.integers(1, PART), st.booleans(), st.floats(0, 1)), max_size=200))
def test_as_long_as_probes_are_answered_it_never_stays_shut(steps: list[tuple[int, bool, float]]) -> None:
    pacer, now = Pacer(), 0.0
    asked: list[int] = []
    for size, answered, wait in steps:
        now += wait
        if pacer.open:
            probe = pacer.wrote(size, now)
            if probe is not None:
                asked.append(probe)
        if (answered or not pacer.open) and asked:
            pacer.heard(asked.pop(), now)
            asked.clear()
        assert pacer.outstanding >= 0
        assert pacer.open or asked
