"""How many bytes of large bodies may be on their way: by probes, on a clock of the test's own."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.lanes.pacing import CEILING, FIRST, FIRST_TOKEN, FLOOR, PROBE_EVERY, STANDS, Pacer

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
    assert FIRST <= pacer.outstanding < FIRST + PART
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
    path.pacer.tripped(trip, 0.0)
    path.run(max(40 * trip, 40 * FLOOR / rate))
    before, since = path.carried, path.now
    path.run(max(40 * trip, 40 * FLOOR / rate))
    assert (path.carried - before) / (path.now - since) > 0.9 * rate
    assert path.queue <= max(1.5 * trip, 1.5 * FLOOR / rate)


def test_the_window_stays_within_its_bounds_whatever_the_clock_says() -> None:
    pacer = Pacer()
    pacer.tripped(1e6, 0.0)
    for _ in range(50):
        token = None
        while token is None:
            token = pacer.wrote(PROBE_EVERY, 5.0)
        assert pacer.heard(token, 5.0)
        assert PROBE_EVERY <= pacer.window <= pacer.allowance <= CEILING


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


class Line:
    """Carries whatever is written at `rate` bytes a second over a way of `trip` seconds, which both may change."""

    def __init__(self, rate: float, trip: float) -> None:
        self.pacer = Pacer()
        self.pacer.tripped(trip, 0.0)
        self.now, self.rate, self.trip = 0.0, rate, trip
        self._free_at = 0.0
        self._answers: deque[tuple[float, int]] = deque()
        self.carried = 0
        #: The longest that a byte waited for those before it.
        self.worst = 0.0

    def run(self, seconds: float, frame: int) -> float:
        """Write frames of that size whenever the wide window is open; returns bytes a second."""
        end, before, began, self.worst = self.now + seconds, self.carried, self.now, 0.0
        while self.now < end:
            while self.pacer.room > 0:
                self.carried += frame
                self._free_at = max(self._free_at, self.now) + frame / self.rate
                self.worst = max(self.worst, self._free_at - self.now)
                probe = self.pacer.wrote_frames(frame, self.now, limited=True)
                if probe is not None:
                    self._answers.append((self._free_at + self.trip, probe))
            alone = self.pacer.ask(self.now)
            if alone is not None:
                self._answers.append((max(self._free_at, self.now) + self.trip, alone))
            at, token = self._answers.popleft()
            self.now = max(self.now, at)
            assert self.pacer.heard(token, self.now)
        return (self.carried - before) / (self.now - began)


@pytest.mark.parametrize("frame", [8 * 1024, 16 * 1024])
@pytest.mark.parametrize("trip", [0.0002, 0.02, 0.1, 0.3])
def test_on_a_thin_line_frames_of_any_size_queue_here_and_not_in_the_kernel(frame: int, trip: float) -> None:
    line = Line(125_000, trip)
    assert line.run(10, frame) > 0.9 * line.rate
    line.run(10, frame)
    assert line.worst < 0.3 + 2 * trip, "an urgent frame would wait for that"


@pytest.mark.parametrize(("rate", "trip"), [(36e6, 0.1), (36e6, 0.3), (1.25e8, 0.02), (1e6, 0.3)])
def test_the_wide_window_fills_a_long_line(rate: float, trip: float) -> None:
    line = Line(rate, trip)
    line.run(60 * trip + 2, 16 * 1024)
    assert line.run(30, 16 * 1024) > 0.9 * rate


@pytest.mark.parametrize(("before", "after"), [(0.001, 0.1), (0.02, 0.3), (0.1, 0.001)])
def test_a_route_that_becomes_longer_or_shorter_is_learnt_anew_within_ten_seconds(before: float, after: float) -> None:
    line = Line(36e6, before)
    line.run(5, 16 * 1024)
    line.trip = after
    line.run(9.9, 16 * 1024)
    assert line.pacer.shortest == pytest.approx(after, rel=0.2)
    line.run(20 * after, 16 * 1024)
    assert line.run(20, 16 * 1024) > 0.85 * line.rate


def test_a_path_at_rest_takes_the_round_trip_of_a_heartbeat_when_the_shortest_is_old() -> None:
    pacer = Pacer()
    pacer.tripped(0.001, 0.0)
    pacer.tripped(0.1, 5.0)
    assert pacer.shortest == 0.001
    pacer.tripped(0.1, 1.0 + STANDS)
    assert pacer.shortest == 0.1


def test_pauses_of_the_sender_do_not_count_as_the_rate_of_the_path() -> None:
    line = Line(36e6, 0.1)
    line.run(10, 16 * 1024)
    known = line.pacer.allowance
    for _ in range(100):
        line.now += 1.0
        probe = line.pacer.wrote_frames(known, line.now, limited=False)
        assert probe is not None
        line.now += 0.1
        assert line.pacer.heard(probe, line.now)
    assert line.pacer.allowance > 0.5 * known


@given(st.lists(st.tuples(st.integers(1, 2 * PART), st.booleans(), st.booleans(), st.floats(0, 9)), max_size=200))
def test_whatever_is_written_a_shut_window_has_a_probe_under_way(
    steps: list[tuple[int, bool, bool, float]],
) -> None:
    pacer, now = Pacer(), 0.0
    asked: list[int] = []
    for size, part, answered, wait in steps:
        now += wait
        probe = None
        if part and pacer.open and pacer.room > 0:
            probe = pacer.wrote(size, now)
        elif pacer.room > 0:
            probe = pacer.wrote_frames(size, now, limited=answered)
        if probe is not None:
            asked.append(probe)
        if pacer.room <= 0:
            alone = pacer.ask(now)
            asked += [] if alone is None else [alone]
        assert pacer.room > 0 or asked
        if asked and (answered or pacer.room <= 0):
            pacer.heard(asked.pop(), now)
            asked.clear()
