"""The log of a simulation keeps lines with their virtual time, and passes them on where structlog is set up."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from peerbus.testing.sim.simulation_log import KEPT, SHOWN, SimulationLog


@pytest.fixture
def configured() -> Iterator[list[dict[str, object]]]:
    heard: list[dict[str, object]] = []

    def keep(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> str:
        heard.append(dict(fields))
        return ""

    structlog.configure(processors=[keep], logger_factory=structlog.ReturnLoggerFactory())
    yield heard
    structlog.reset_defaults()


def test_a_line_has_its_time_its_level_and_its_fields_in_short() -> None:
    log = SimulationLog(lambda: 1.5)
    log.logger_for("peerbus.x").warning("it is so", node="alice", peer="ab" * 32)
    assert log.lines == ["    1.500000  warning  it is so node=alice peer=abababababab"]


def test_an_error_is_shown_and_what_is_below_the_level_is_not() -> None:
    log = SimulationLog(lambda: 0.0)
    logger = log.logger_for("peerbus.x")
    logger.info("unheard")
    logger.error("it failed", exc_info=ValueError("why"))
    assert [line.split("  ")[-1] for line in log.lines] == [["it failed", "error=ValueError('why')"][-1]]
    assert len(log.lines) == 1


def test_the_newest_lines_are_kept_and_fewer_are_shown() -> None:
    log = SimulationLog(lambda: 0.0)
    for number in range(KEPT + 1):
        log.logger_for("peerbus.x").warning("line", number=number)
    assert len(log.lines) == KEPT
    assert len(log.last()) == SHOWN
    assert log.last(1)[0].endswith(f"number={KEPT}")


def test_one_that_is_off_keeps_nothing() -> None:
    log = SimulationLog(lambda: 0.0)
    log.on = False
    log.logger_for("peerbus.x").warning("unheard")
    assert log.lines == []


def test_a_program_that_has_set_up_structlog_hears_it_with_the_virtual_time(
    configured: list[dict[str, object]],
) -> None:
    log = SimulationLog(lambda: 2.0)
    log.logger_for("peerbus.x").info("it is so", peer="ab" * 32)
    assert configured == [{"logger": "peerbus.x", "virtual_time": 2.0, "event": "it is so", "peer": "ab" * 6}]
    assert log.lines == []
