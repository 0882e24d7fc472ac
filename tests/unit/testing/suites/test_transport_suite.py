"""The suite for transports: one that is right passes, one that hangs or leaves a task behind does not."""

from __future__ import annotations

import asyncio

import pytest
from flawed_transports import flawed

from peerbus.testing.suites import transport_suite
from peerbus.testing.suites.ending_checks import the_end_is_read_on_the_other_side
from peerbus.testing.suites.opening_checks import accept_waits_for_a_dial
from peerbus.testing.suites.transport_pair import TransportPair
from peerbus.testing.suites.transport_suite import TRANSPORT_CHECKS, check_transport, run_check


async def test_a_transport_that_is_right_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[TransportPair] = []

    async def note(pair: TransportPair) -> None:
        begun.append(pair)

    monkeypatch.setattr(transport_suite, "TRANSPORT_CHECKS", (note, note))
    await check_transport(flawed)
    assert len({id(pair) for pair in begun}) == 2  # a new pair for each


def test_each_check_is_there_once() -> None:
    assert len(set(TRANSPORT_CHECKS)) == len(TRANSPORT_CHECKS)


async def test_a_check_that_hangs_fails_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_suite, "PATIENCE", 0.05)
    with flawed("no end") as pair, pytest.raises(AssertionError, match="the_end_is_read_on_the_other_side: hangs"):
        await run_check(the_end_is_read_on_the_other_side, pair)


async def test_a_task_that_is_left_behind_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_suite, "GRACE", 0.05)
    with flawed("leaves a task") as pair, pytest.raises(AssertionError, match=r"left tasks behind: .*forgotten"):
        await run_check(accept_waits_for_a_dial, pair)
    await asyncio.sleep(0)
