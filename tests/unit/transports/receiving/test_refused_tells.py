"""Tells that found no place: counted at once, told in few words, at a pace that their sender does not set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Channel, MailboxFull, Message, NotAllowed, SendError
from peerbus.testing import VirtualLoop
from peerbus.transports.lanes.in_lane import InLane
from peerbus.transports.receiving.refused_tells import PAUSE, RefusedTells
from peerbus.transports.wire.payload import ChannelCodec


class Get(Message):
    number: int


SIZE = 10
CODEC = ChannelCodec(Channel("blocks", messages=(Get,), window=64))


class Side:
    """A receiving half, as far as a lane knows it."""

    answers = None

    def __init__(self) -> None:
        self.released: list[tuple[int, int]] = []

    def release(self, lane: InLane, messages: int, size: int) -> None:
        lane.window.release(size, messages)
        lane.window.due(at_once=True)
        self.released.append((messages, size))


class Scene:
    def __init__(self, *, counted: bool = True) -> None:
        self.loop, self.side = VirtualLoop(), Side()
        self.said: list[tuple[float, int, int, str, int]] = []
        self.lane = InLane(self.side, 3, CODEC.info, CODEC)  # type: ignore[arg-type]  # as much of it as is used
        self.refused = RefusedTells(self.loop, self._say, counted=counted)

    def _say(self, rid: int, channel: int, sequence: int, code: str, text: object, count: int) -> None:
        assert (rid, channel) == (0, 3)
        self.said.append((self.loop.time(), sequence, count, code, len(self.side.released)))

    def come(self, error: SendError, count: int = 1) -> None:
        """That many come, and find no place."""
        for _ in range(count):
            self.lane.window.receive(SIZE)
            self.refused.add(self.lane, self.lane.tells, SIZE, error)
            self.lane.tells += 1

    def run(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.refused.end()
    made.loop.close()


def test_what_comes_in_one_turn_is_one_word_and_its_credit_goes_behind_it(scene: Scene) -> None:
    scene.come(MailboxFull("full"), 20)
    assert scene.lane.refused == {"mailbox_full": 20}, "counted at once"
    assert (scene.said, scene.side.released) == ([], [])
    scene.run()
    assert [each[1:] for each in scene.said] == [(0, 20, "mailbox_full", 0)]
    assert scene.side.released == [(20, 20 * SIZE)]


def test_what_differs_or_does_not_follow_is_a_word_of_its_own(scene: Scene) -> None:
    scene.come(MailboxFull("full"), 2)
    scene.come(NotAllowed("no"))
    scene.lane.tells += 1  # one that was taken
    scene.come(NotAllowed("no"))
    scene.come(NotAllowed("never"))
    scene.run()
    assert [each[1:4] for each in scene.said] == [
        (0, 2, "mailbox_full"),
        (2, 1, "not_allowed"),
        (4, 1, "not_allowed"),
        (5, 1, "not_allowed"),
    ]


def test_who_goes_on_with_what_he_may_not_send_hears_of_it_now_and_then_and_has_a_window_meanwhile(
    scene: Scene,
) -> None:
    for _ in range(200):
        scene.come(NotAllowed("no"))
        scene.run(PAUSE / 50)
    scene.run(PAUSE)
    times = [each[0] for each in scene.said]
    assert len(times) <= 6
    assert all(later - sooner >= PAUSE - 1e-9 for sooner, later in pairwise(times))
    assert sum(each[2] for each in scene.said) == 200 == sum(count for count, _ in scene.side.released)


def test_another_reason_takes_what_waits_along_and_an_end_lets_nothing_wait(scene: Scene) -> None:
    scene.come(NotAllowed("no"))
    scene.run()
    scene.come(NotAllowed("no"))
    scene.run()
    assert len(scene.said) == 1
    scene.come(MailboxFull("full"))
    scene.run()
    assert len(scene.said) == 3
    scene.come(NotAllowed("no"))
    scene.refused.hasty = True
    scene.come(NotAllowed("no"))
    scene.run()
    assert scene.said[-1][2] == 2


def test_a_peer_that_reads_of_one_message_at_a_time_is_told_of_each() -> None:
    scene = Scene(counted=False)
    scene.come(NotAllowed("no"), 3)
    scene.run()
    assert [each[1:3] for each in scene.said] == [(0, 1), (1, 1), (2, 1)]
    scene.come(NotAllowed("no"), 3)
    scene.refused.end()
    scene.run(1.0)
    assert len(scene.said) == 3, "nobody hears any more"
    assert scene.side.released == [(3, 3 * SIZE)] * 2, "and what was held is free"
    scene.loop.close()


@given(st.lists(st.tuples(st.sampled_from(["no", "full"]), st.integers(1, 8), st.floats(0, 0.3)), max_size=12))
def test_each_is_told_once_whatever_comes(steps: list[tuple[str, int, float]]) -> None:
    scene = Scene()
    expected: list[str] = []
    for word, count, pause in steps:
        if len(expected) + count > 60:
            break
        error = NotAllowed("no") if word == "no" else MailboxFull("full")
        scene.come(error, count)
        expected += [error.reason] * count
        scene.run(pause)
    scene.run(1.0)
    told = {first + step: code for _, first, count, code, _ in scene.said for step in range(count)}
    assert told == dict(enumerate(expected))
    assert scene.lane.window.held == (0, 0)
    scene.loop.close()
