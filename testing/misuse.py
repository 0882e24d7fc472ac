"""What options, markers and tests ask of the plugin, and cannot have: refused by a sentence that says what to write."""

from __future__ import annotations

import argparse
import inspect

import pytest

__all__ = ["is_wrong_mark", "range_of_seeds", "refuse_given", "refuse_mark", "refuse_without_loop", "seconds_of"]

INSTEAD = "a plain `def` with Simulation(seed).run(main())"


def range_of_seeds(text: str) -> range:
    """`5000`: the seeds 0 to 4999; `5000-9999`: these."""
    first, dash, last = text.partition("-")
    try:
        seeds = range(int(first), int(last) + 1) if dash else range(int(first))
    except ValueError:
        seeds = range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed at all; write a number of seeds, 5000, or 5000-9999")
    return seeds


def seconds_of(text: str) -> float:
    """A time span, which may be 0: then one seed is begun."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range; write seconds, 0 or more")
    return seconds


def is_wrong_mark(mark: pytest.Mark) -> bool:
    """Whether `@pytest.mark.seeds` has no number of seeds."""
    return len(mark.args) != 1 or bool(mark.kwargs) or type(mark.args[0]) is not int or mark.args[0] < 1


def refuse_mark(item: pytest.Item) -> None:
    """Fail a test whose `@pytest.mark.seeds` has no number of seeds."""
    mark = item.get_closest_marker("seeds")
    if mark is not None and is_wrong_mark(mark):
        given = [*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())]
        pytest.fail(
            f"@pytest.mark.seeds takes a number of seeds, as in seeds(200), not seeds({', '.join(given)})",
            pytrace=False,
        )


def refuse_given(item: object) -> None:
    """Fail a test that wants the fixture `sim` in an `async def` under hypothesis's `@given`."""
    if _under_given(item):
        pytest.fail(
            "hypothesis runs this async test on the real clock, and many times, but the fixture sim is one simulation: "
            f"write {INSTEAD}",
            pytrace=False,
        )


def refuse_without_loop(item: object) -> None:
    """Fail a test that wants `node` or `probe` where no loop, or more than one, runs it."""
    if _under_given(item):
        pytest.fail(
            "hypothesis calls this test many times, but the fixtures node and probe close what they made only once: "
            f"write `async with Alone(…)` inside the test, or {INSTEAD}",
            pytrace=False,
        )
    if not inspect.iscoroutinefunction(getattr(item, "obj", None)):
        pytest.fail("the fixtures node and probe need an event loop: write `async def` for this test", pytrace=False)


def _under_given(item: object) -> bool:
    """An `async def` under `@given`, which makes a plain function of it."""
    inner = getattr(getattr(getattr(item, "obj", None), "hypothesis", None), "inner_test", None)
    return inspect.iscoroutinefunction(inner)
