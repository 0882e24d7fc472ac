"""What a check claims fails with what is so otherwise."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.testing.suites.claims import cancel_after, expect, require, turns


async def fails(error: Exception | None) -> str:
    if error is not None:
        raise error
    return "well"


def test_what_does_not_hold_fails_with_its_text() -> None:
    require(1, "one is true")
    with pytest.raises(AssertionError, match="nothing came"):
        require([], "nothing came")


async def test_an_error_that_is_expected_is_handed_back_and_its_absence_fails() -> None:
    error = KeyError("x")
    assert await expect(LookupError, fails(error), "a look") is error
    with pytest.raises(AssertionError, match="a look gave 'well' instead of LookupError"):
        await expect(LookupError, fails(None), "a look")
    with pytest.raises(ValueError, match="other"):
        await expect(LookupError, fails(ValueError("other")), "a look")


async def test_turns_let_what_is_ready_go_on() -> None:
    said: list[int] = []

    async def say() -> None:
        for number in range(3):
            said.append(number)
            await asyncio.sleep(0)

    task = asyncio.create_task(say())
    await turns(2)
    assert said == [0, 1]
    await task


@pytest.mark.parametrize(("after", "aborted"), [(0, []), (1, []), (2, ["abort"])])
async def test_what_came_of_a_work_that_is_cancelled_too_late_is_aborted(after: int, aborted: list[str]) -> None:
    heard: list[str] = []

    class Made:
        def abort(self) -> None:
            heard.append("abort")

    async def make() -> Made:
        await asyncio.sleep(0)
        return Made()

    await cancel_after(after, make())
    assert heard == aborted
