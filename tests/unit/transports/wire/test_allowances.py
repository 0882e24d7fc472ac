"""What is of use now and then may come now and then, and what answers something as often as that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import ProtocolError
from peerbus.transports.wire.allowances import BOUNDS, FLOOD, Allowance, within_bounds
from peerbus.transports.wire.frames import (
    Cancel,
    Close,
    Credit,
    Error,
    GoAway,
    Ping,
    Pong,
    ProbeFrame,
    Reply,
    Update,
    WindowFrame,
    ZeroCopyReply,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.earned = 0.0


def at(clock: Clock, kind: str) -> Allowance:
    return Allowance(kind, lambda: clock.now, lambda: clock.earned)


@pytest.mark.parametrize("kind", BOUNDS)
def test_a_burst_passes_and_one_more_does_not(kind: str) -> None:
    clock = Clock()
    allowance = at(clock, kind)
    allowance.spend(BOUNDS[kind][0])
    with pytest.raises(ProtocolError, match=kind) as caught:
        allowance.spend()
    assert caught.value.reason == FLOOD


@pytest.mark.parametrize("kind", BOUNDS)
def test_the_rate_passes_for_ever(kind: str) -> None:
    clock = Clock()
    allowance = at(clock, kind)
    allowance.spend(BOUNDS[kind][0])
    for _ in range(1000):
        clock.now += 1.0
        allowance.spend(BOUNDS[kind][1])


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 3)), max_size=60))
def test_no_more_ever_passes_than_the_burst_twice_the_rate_and_what_was_earned(steps: list[tuple[int, float]]) -> None:
    clock = Clock()
    allowance = at(clock, "CANCEL")
    most, rate = BOUNDS["CANCEL"]
    passed, began = 0, clock.now
    try:
        for count, pause in steps:
            clock.now += pause
            clock.earned += count // 2
            allowance.spend(count)
            passed += count
    except ProtocolError:
        pass
    assert passed <= 2 * most + rate * (clock.now - began) + clock.earned


def test_what_is_earned_passes_at_any_rate() -> None:
    clock = Clock()
    allowance = at(clock, "REPLY")
    for _ in range(1000):
        clock.earned += 1000
        allowance.spend(1000)


@pytest.mark.parametrize("kind", BOUNDS)
def test_what_was_paid_for_may_all_come_at_once(kind: str) -> None:
    clock = Clock()
    allowance = at(clock, kind)
    most = BOUNDS[kind][0]
    clock.earned = 10 * most
    for _ in range(11 * most):
        allowance.spend()
    with pytest.raises(ProtocolError, match=kind):
        allowance.spend()


FRAMES: dict[str, Any] = {
    "PING": Ping(1),
    "PONG": Pong(1),
    "CANCEL": Cancel(1),
    "ERROR": Error(1, 0, 0, "x", "y"),
    "WINDOW": WindowFrame(0, 1, 1),
    "PROBE": ProbeFrame(0, 0, 1, ["bus://x/y"]),
    "UPDATE": Update(()),
    "CLOSE": Close(0, "bye"),
    "GOAWAY": GoAway("x", "y"),
    "REPLY": Reply(0, [(1, 0, b"x")] * 64),
    "CREDIT": Credit([(0, 0, 0)] * 64),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_each_kind_of_frame_is_counted_before_it_is_taken(kind: str) -> None:
    taken: list[object] = []
    frame = FRAMES[kind]
    kinds: list[type] = [*(type(each) for each in FRAMES.values()), ZeroCopyReply]
    takers: dict[type, Callable[[Any], None]] = dict.fromkeys(kinds, taken.append)
    earned: dict[type, Callable[[], float]] = dict.fromkeys((Ping, Pong, Cancel, Reply, Error, Credit), float)
    take = within_bounds(takers, lambda: 0.0, earned)[type(frame)]
    with pytest.raises(ProtocolError, match=kind):
        _without_end(take, frame)
    size = 64 if kind in ("REPLY", "CREDIT") else 1
    assert len(taken) == BOUNDS[kind][0] // size


def _without_end(take: Callable[[Any], object], frame: object) -> None:
    for _ in range(30_000):
        take(frame)


def test_the_page_of_the_wire_says_the_same() -> None:
    page = (Path(__file__).parents[4] / "docs" / "wire.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|[^|]*\| ([\d,]+) \| ([\d,]+) \|$", page.split("### How often")[1], re.MULTILINE)
    names = {
        "messages that are not what their channel declares": "malformed",
        "COMPRESSED of `size` 0": "empty COMPRESSED",
    }
    said = {}
    for frame, most, rate in rows:
        name = "small PART" if "less than" in frame else names.get(frame, frame.split(",")[0])
        said[name] = (int(most.replace(",", "")), int(rate.replace(",", "")))
    assert said == dict(BOUNDS)


def test_an_error_of_many_messages_costs_as_much_as_one_for_each() -> None:
    taken: list[object] = []
    earned: dict[type, Callable[[], float]] = {Reply: float, Credit: float, Error: lambda: 9000.0}
    takers: dict[type, Callable[[Any], object]] = {
        Error: taken.append,
        Reply: taken.append,
        ZeroCopyReply: taken.append,
        Credit: taken.append,
    }
    take = within_bounds(takers, lambda: 0.0, earned)[Error]
    take(Error(0, 0, 0, "not_allowed", "", BOUNDS["ERROR"][0]))
    take(Error(0, 0, 0, "not_allowed", "", BOUNDS["ERROR"][0]))
    with pytest.raises(ProtocolError, match="ERROR"):
        take(Error(0, 0, 0, "not_allowed", "", 2**32 - 1))
    assert len(taken) == 2
