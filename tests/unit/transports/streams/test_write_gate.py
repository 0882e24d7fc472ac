"""Writers wait while the gate is shut, and fail once it failed."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from peerbus.actors.base.errors import StreamBroken, StreamClosed
from peerbus.transports.streams.write_gate import WriteGate


async def test_every_waiter_goes_on_when_it_opens() -> None:
    gate = WriteGate()
    await gate.wait_open()
    gate.shut()
    waiting = [asyncio.create_task(gate.wait_open()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not gate.open
    gate.reopen()
    gate.reopen()
    await asyncio.gather(*waiting)
    assert gate.open


async def test_a_waiter_waits_on_if_it_was_shut_again() -> None:
    gate = WriteGate()
    gate.shut()
    waiting = asyncio.create_task(gate.wait_open())
    await asyncio.sleep(0)
    gate.reopen()
    gate.shut()
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.reopen()
    await waiting


async def test_a_failure_wakes_the_waiters_and_stays() -> None:
    gate = WriteGate()
    gate.shut()
    waiting = asyncio.create_task(gate.wait_open())
    await asyncio.sleep(0)
    gate.fail(StreamBroken("gone"))
    with pytest.raises(StreamBroken, match="gone"):
        await waiting
    gate.reopen()
    assert gate.failed
    assert not gate.open
    gate.fail(StreamClosed("closed as well"))
    with pytest.raises(StreamClosed):
        gate.check()


async def test_a_cancelled_waiter_leaves_nothing() -> None:
    gate = WriteGate()
    gate.shut()
    waiting = asyncio.create_task(gate.wait_open())
    await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert gate._waiters == []
