"""Hooks run one after the other; what one raises ends a start, and not an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from peerbus.actors.engine.hooks import run_hooks
from peerbus.actors.engine.named_actor import log
from peerbus.actors.engine.state import State


class Hooked:
    """An actor that runs what awaits when it is told to."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.named = {"actor": "hooked"}
        self.log = log
        self.left: list[BaseException] = []
        self.waits: list[Callable[[BaseException | None], object]] = []

    def run_hook(self, awaitable: Any, then: Callable[[BaseException | None], object]) -> None:
        awaitable.close()
        self.waits.append(then)

    def exits(self, error: BaseException) -> None:
        self.left.append(error)


class Hooks:
    """What they do, and the order in which they came."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def plain(self) -> None:
        self.ran.append("plain")

    def fails(self) -> None:
        self.ran.append("fails")
        raise ValueError("no")

    async def awaits(self) -> None:
        """Its coroutine is what the hook returns."""


def test_each_runs_when_the_one_before_has_ended() -> None:
    cell, hooks, ended = Hooked(State.STARTING), Hooks(), list[object]()
    run_hooks(cell, (hooks.plain, hooks.awaits, hooks.plain), ended.append)
    assert (hooks.ran, ended) == (["plain"], [])
    cell.waits.pop()(None)
    assert (hooks.ran, ended) == (["plain", "plain"], [None])


def test_the_first_that_fails_ends_a_start() -> None:
    cell, hooks, ended = Hooked(State.STARTING), Hooks(), list[object]()
    run_hooks(cell, (hooks.fails, hooks.plain), ended.append)
    assert hooks.ran == ["fails"]
    assert isinstance(ended[0], ValueError)


def test_at_the_end_each_may_clean_up_and_what_one_raised_is_logged() -> None:
    cell, hooks, ended = Hooked(State.STOPPING), Hooks(), list[object]()
    with capture_logs() as logs:
        run_hooks(cell, (hooks.fails, hooks.plain), ended.append)
    assert hooks.ran == ["fails", "plain"]
    assert ended == [None]
    assert [entry["event"] for entry in logs] == ["on_stopping failed"]
    assert [str(error) for error in cell.left] == ["no"]


@pytest.mark.parametrize("error", [None, ValueError("late")])
def test_a_start_that_is_cut_short_begins_no_hook_more(error: BaseException | None) -> None:
    cell, hooks, ended = Hooked(State.STARTING), Hooks(), list[object]()
    run_hooks(cell, (hooks.awaits, hooks.plain), ended.append)
    cell.state = State.STOPPING
    cell.waits.pop()(error)
    assert hooks.ran == []
    assert ended == [error]
