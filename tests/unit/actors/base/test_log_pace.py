"""Whoever sets the pace of an event does not set that of the log."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from peerbus.actors.base.log import get_logger
from peerbus.actors.base.log_pace import ALWAYS, LINES, LINES_OF_ALL, WITH_TRACEBACK, LogPace, LogSum


class Scene:
    """A pace on a clock that stands."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.rest: list[tuple[str, object, dict[str, int]]] = []
        self.pace = LogPace(lambda: self.now)

    def tell(self, event: str, node: object, counts: Mapping[str, int]) -> None:
        self.rest.append((event, node, dict(counts)))

    def told(self, times: int, event: str = "refused", node: str = "alice", reason: str = "tls") -> int:
        return sum(self.pace.allows(event, node, reason, self.tell) for _ in range(times))


def test_so_many_of_an_event_are_told_in_a_second_and_the_others_by_their_reasons() -> None:
    scene = Scene()
    assert scene.told(LINES + 5) == LINES
    assert scene.told(3, reason="full") == 0
    scene.now += 1.0
    assert scene.told(1) == 1
    assert scene.rest == [("refused", "alice", {"tls": 5, "full": 3})]


def test_each_event_of_each_node_has_its_own_pace() -> None:
    scene = Scene()
    assert scene.told(LINES + 1) == LINES
    assert scene.told(1, event="connected") == 1
    assert scene.told(1, node="bob") == 1


def test_all_events_of_a_node_together_have_a_pace_and_none_hides_another() -> None:
    """Whoever knows ten events to cause has no more of the log for that; what is rare is told of beside them."""
    scene, total = Scene(), LogSum()
    paces = [LogPace(lambda: scene.now, total) for _ in range(10)]  # of ten loggers
    told = [sum(pace.allows("e", "alice", "", scene.tell) for _ in range(LINES)) for pace in paces]
    assert sum(told) == LINES_OF_ALL + (len(paces) - 2) * ALWAYS
    assert min(told) == ALWAYS
    assert paces[0].allows("e", "bob", "", scene.tell), "of another node"
    scene.now += 1.0
    assert paces[9].allows("e", "alice", "", scene.tell)
    assert scene.rest == [("e", "alice", {"": LINES - ALWAYS})], "of that logger, with its next line"


def test_lines_with_a_traceback_are_fewer() -> None:
    scene = Scene()
    told = [scene.pace.allows("failed", "alice", "", scene.tell, traceback=True) for _ in range(LINES)]
    assert sum(told) == LINES // WITH_TRACEBACK


def test_reasons_that_strangers_make_up_are_few() -> None:
    scene = Scene()
    scene.told(LINES)
    for number in range(100):
        scene.told(1, reason=f"word {number}")
    scene.pace.flush(scene.tell)
    ((_, _, counts),) = scene.rest
    assert len(counts) == 9
    assert sum(counts.values()) == 100


async def test_what_was_not_told_is_told_though_nothing_comes_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    waits: list[float] = []
    loop = asyncio.get_running_loop()

    def at_once(delay: float, *call: Any) -> None:
        waits.append(delay)
        loop.call_soon(*call)

    monkeypatch.setattr(loop, "call_later", at_once)
    scene.told(LINES + 7)
    assert waits == [1.0]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert scene.rest == [("refused", "alice", {"tls": 7})]


def test_a_flood_of_one_event_is_a_few_lines_for_logging(caplog: pytest.LogCaptureFixture) -> None:
    log = get_logger("peerbus.flood")
    with caplog.at_level(logging.INFO, "peerbus"):
        for number in range(10_000):
            log.info("refused", node="alice", remote=f"10.0.{number}", reason="busy")
        log._pace.flush(log._tell_rest)  # type: ignore[attr-defined]  # the logger behind structlog's type
    assert LINES < len(caplog.records) <= 5 * (LINES + 1)
    assert "of=refused" in caplog.records[-1].getMessage()
    told = sum("remote" in vars(record) for record in caplog.records)
    rest = sum(int(getattr(record, "unlogged", 0)) for record in caplog.records)
    assert told + rest == 10_000


def test_and_for_structlog() -> None:
    stream = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()], logger_factory=structlog.WriteLoggerFactory(stream)
    )
    try:
        log = get_logger("peerbus.flood")
        for _ in range(10_000):
            log.warning("refused", node="alice", reason="busy")
        log._pace.flush(log._tell_rest)  # type: ignore[attr-defined]  # the logger behind structlog's type
    finally:
        structlog.reset_defaults()
    lines = stream.getvalue().splitlines()
    assert LINES < len(lines) <= 5 * (LINES + 1)
    assert "unlogged=" in lines[-1]


def test_what_is_told_to_who_looks_for_a_defect_has_no_pace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "peerbus"):
        for _ in range(3 * LINES):
            get_logger("peerbus.flood").debug("frame", node="alice")
    assert len(caplog.records) == 3 * LINES


def test_what_is_forgotten_is_told_by_nobody() -> None:
    scene = Scene()
    assert scene.told(LINES + 5) == LINES
    scene.pace.forget()
    assert scene.told(LINES) == LINES
    scene.now += 2.0
    assert scene.told(1) == 1
    assert scene.rest == []
