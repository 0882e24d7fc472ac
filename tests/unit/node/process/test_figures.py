"""A process says what it takes, as the system sees it."""

from __future__ import annotations

import os
import time

import pytest

from peerbus.node.process.figures import process_figures


def test_the_figures_are_those_of_this_process() -> None:
    figures = process_figures()
    assert figures.pid == os.getpid()
    assert 0 < figures.started <= time.time() + 1.0
    assert figures.cpu_seconds > 0
    assert 1 << 20 < figures.resident_bytes < 1 << 40
    assert figures.threads >= 1
    assert figures.max_fds > 0


def test_an_open_file_is_counted() -> None:
    before = process_figures().open_fds
    descriptor = os.open(os.devnull, os.O_RDONLY)
    try:
        after = process_figures().open_fds
    finally:
        os.close(descriptor)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after == before + 1


def test_a_calendar_that_is_set_moves_the_start_and_one_that_is_kept_right_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, real = process_figures().started, time.time
    with monkeypatch.context() as patch:
        patch.setattr("peerbus.node.process.figures._calendar", lambda: real() + 1e8)
        assert abs(process_figures().started - before - 1e8) < 2.0
    after = process_figures().started
    assert abs(after - before) < 2.0
    with monkeypatch.context() as patch:
        patch.setattr("peerbus.node.process.figures._calendar", lambda: real() + 0.1)
        assert process_figures().started == after
