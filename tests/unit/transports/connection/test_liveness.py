"""The failure detector and the heartbeat, with time as a number."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from peerbus.transports.connection.liveness import MAX_PINGS, SAMPLES, Heartbeat, PhiAccrual


def steady(interval: float, beats: int = 50, **options: float) -> tuple[PhiAccrual, float]:
    """A detector that heard a heartbeat every `interval` seconds, and the time of the last."""
    detector = PhiAccrual(interval, **options)
    now = 0.0
    for _ in range(beats):
        now += interval
        detector.heard(now)
    return detector, now


def test_nobody_is_suspect_before_anything_was_heard() -> None:
    detector = PhiAccrual(1.0)
    assert detector.phi(1e9) == 0
    assert detector.suspect_at() is None
    assert not detector.suspect(1e9)


def test_phi_grows_with_silence_and_passes_the_threshold() -> None:
    detector, now = steady(1.0)
    phis = [detector.phi(now + silence) for silence in (0.0, 1.0, 4.0, 4.3, 4.6)]
    assert phis == sorted(phis)
    assert phis[0] < 0.01
    assert phis[-1] > 8


def test_phi_is_what_the_paper_says() -> None:
    detector, now = steady(1.0, beats=200, min_deviation=0.5, acceptable_pause=0.0)
    assert detector.mean == pytest.approx(1.0)
    # One heartbeat in two comes later than the mean, one in 44 later than two deviations above it.
    assert detector.phi(now + 1.0) == pytest.approx(math.log10(2))
    assert detector.phi(now + 2.0) == pytest.approx(-math.log10(0.02275), abs=1e-3)


def test_silence_without_end_is_infinitely_suspicious() -> None:
    detector, now = steady(1.0)
    assert detector.phi(now + 1e6) == math.inf
    assert detector.suspect(now + 1e6)


def test_an_irregular_peer_is_given_more_time_than_a_regular_one() -> None:
    rng = random.Random(7)
    regular, irregular = PhiAccrual(1.0), PhiAccrual(1.0)
    now = 0.0
    for _ in range(100):
        now += rng.uniform(0.2, 1.8)
        irregular.heard(now)
    for beat in range(100):
        regular.heard(now - 99 + beat)
    regular_at, irregular_at = regular.suspect_at(), irregular.suspect_at()
    assert regular_at is not None
    assert irregular_at is not None
    assert irregular_at > regular_at


def test_old_intervals_are_forgotten() -> None:
    detector, now = steady(10.0)
    for _ in range(SAMPLES):
        now += 1.0
        detector.heard(now)
    assert detector.mean == pytest.approx(1.0)


def test_other_traffic_proves_life_but_teaches_no_rhythm() -> None:
    detector, now = steady(5.0)
    mean = detector.mean
    for _ in range(1000):
        now += 0.001
        detector.alive(now)
    assert detector.mean == mean
    assert not detector.suspect(now + 5.0)


@given(
    st.floats(0.01, 60),
    st.floats(0.5, 20),
    st.lists(st.floats(0.001, 100), max_size=30),
)
def test_a_peer_is_suspect_from_the_announced_time_on_and_phi_agrees(
    first: float, threshold: float, intervals: list[float]
) -> None:
    detector = PhiAccrual(first, threshold=threshold)
    now = 0.0
    detector.alive(now)
    for interval in intervals:
        now += interval
        detector.heard(now)
    at = detector.suspect_at()
    assert at is not None
    assert detector.suspect(at)
    assert not detector.suspect(math.nextafter(at, 0))
    assert detector.phi(at) == pytest.approx(threshold, rel=1e-3)


def test_a_clock_that_runs_backwards_teaches_nothing_and_breaks_nothing() -> None:
    detector, now = steady(1.0)
    detector.heard(now - 10)
    assert detector.mean == pytest.approx(1.0)
    assert not detector.suspect(now)


@pytest.mark.parametrize(
    "options",
    [
        {"first_interval": 0.0},
        {"first_interval": 1.0, "min_deviation": 0.0},
        {"first_interval": 1.0, "acceptable_pause": -1.0},
        {"first_interval": 1.0, "threshold": 0.0},
        {"first_interval": 1.0, "threshold": 301.0},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        PhiAccrual(**options)


def test_a_ping_is_due_one_interval_after_the_start_and_after_each_ping() -> None:
    heartbeat = Heartbeat(100.0, interval=5.0)
    assert heartbeat.next_ping_due() == 105.0
    heartbeat.ping(107.0)
    assert heartbeat.next_ping_due() == 112.0


def test_a_pong_gives_the_round_trip_and_the_average_follows_slowly() -> None:
    heartbeat = Heartbeat(0.0, interval=1.0)
    averages = [heartbeat.rtt]
    for sent, answered in ((1.0, 1.5), (2.0, 3.3)):
        assert heartbeat.pong(heartbeat.ping(sent), answered) == pytest.approx(answered - sent)
        averages.append(heartbeat.rtt)
    assert averages == [None, 0.5, pytest.approx(0.6)]


def test_pongs_out_of_order_find_their_pings() -> None:
    heartbeat = Heartbeat(0.0, interval=1.0)
    first, second = heartbeat.ping(1.0), heartbeat.ping(2.0)
    assert first != second
    assert heartbeat.pong(second, 2.5) == 0.5
    assert heartbeat.pong(first, 2.5) == 1.5


def test_unsolicited_and_repeated_pongs_are_counted_and_prove_nothing_about_rhythm() -> None:
    heartbeat = Heartbeat(0.0, interval=1.0)
    token = heartbeat.ping(1.0)
    assert heartbeat.pong(token + 1, 1.1) is None
    assert heartbeat.pong(token, 1.2) is not None
    assert heartbeat.pong(token, 1.3) is None
    assert heartbeat.unsolicited == 2
    assert heartbeat.rtt == pytest.approx(0.2)


def test_pings_that_are_never_answered_are_not_kept_for_ever() -> None:
    heartbeat = Heartbeat(0.0, interval=1.0)
    tokens = [heartbeat.ping(float(n)) for n in range(MAX_PINGS + 1)]
    assert heartbeat.pong(tokens[0], 20.0) is None
    assert heartbeat.pong(tokens[1], 20.0) is not None


def test_a_peer_that_never_answers_becomes_suspect_and_one_that_talks_does_not() -> None:
    silent, talking = Heartbeat(0.0, interval=1.0), Heartbeat(0.0, interval=1.0)
    for tenth in range(200):
        talking.received(tenth / 10)
    assert silent.suspect(20.0)
    assert not talking.suspect(20.0)


def test_the_next_check_is_the_ping_and_then_the_suspicion() -> None:
    heartbeat = Heartbeat(0.0, interval=2.0)
    assert heartbeat.next_check() == 2.0
    for now in (2.0, 4.0, 6.0, 8.0):
        heartbeat.ping(now)
    assert heartbeat.next_check() < 10.0
    assert heartbeat.suspect(heartbeat.next_check())


def test_an_interval_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0 seconds"):
        Heartbeat(0.0, interval=0.0)


class HeartbeatMachine(RuleBasedStateMachine):
    """Pings go out, answers come late, twice, never or made up, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.heartbeat = Heartbeat(self.now, interval=1.0)
        self.sent: dict[int, float] = {}
        self.unsolicited = 0
        self.last_sign = self.now

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def ping(self) -> None:
        token = self.heartbeat.ping(self.now)
        assert token not in self.sent
        self.sent[token] = self.now
        assert self.heartbeat.next_ping_due() == self.now + 1.0

    @rule(data=st.data())
    def pong(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from([*self.sent, 0, 2**63]))
        trip = self.heartbeat.pong(token, self.now)
        if trip is None:
            self.unsolicited += 1
            assert token not in list(self.sent)[-MAX_PINGS:]
            self.sent.pop(token, None)
        else:
            assert trip == self.now - self.sent.pop(token)
            self.last_sign = self.now

    @rule()
    def something_else(self) -> None:
        self.heartbeat.received(self.now)
        self.last_sign = self.now

    @invariant()
    def it_suspects_after_its_patience_and_is_looked_at_in_time(self) -> None:
        patience = self.heartbeat.detector.patience
        assert 0 < patience < math.inf
        silence = self.now - self.last_sign
        if abs(silence - patience) > 1e-6:
            assert self.heartbeat.suspect(self.now) is (silence > patience)
        assert self.heartbeat.next_check() <= max(self.heartbeat.next_ping_due(), self.last_sign + patience + 1e-6)
        assert self.heartbeat.unsolicited == self.unsolicited
        assert self.heartbeat.rtt is None or self.heartbeat.rtt >= 0


TestHeartbeat = HeartbeatMachine.TestCase
TestHeartbeat.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
