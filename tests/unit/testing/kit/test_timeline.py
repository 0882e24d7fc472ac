"""The last facts of some buses, in the order of time, each with its bus's name."""

from __future__ import annotations

import asyncio

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import Bus
from peerbus.testing.kit.timeline import KEPT, WIDTH, Timeline


@in_virtual_time
async def test_facts_of_several_buses_stand_in_the_order_of_time() -> None:
    timeline = Timeline()
    async with Bus("alice") as alice, Bus("robert") as robert:
        timeline.follow(alice, "alice")
        timeline.follow(robert, "robert")
        for bus, fact in ((robert, "one"), (alice, "two"), (robert, "three")):
            bus.publish(fact)
            await asyncio.sleep(1)
        lines = [line.split() for line in timeline.text().splitlines()]
    assert [(float(at), name, fact) for at, name, fact in lines] == [
        (0.0, "robert", "'one'"),
        (1.0, "alice", "'two'"),
        (2.0, "robert", "'three'"),
    ]


@in_virtual_time
async def test_only_the_last_are_kept_and_a_long_one_is_cut() -> None:
    timeline = Timeline()
    async with Bus("alice") as alice:
        timeline.follow(alice, "alice")
        for number in range(KEPT):
            alice.publish(number)
        alice.publish("x" * WIDTH)
        await asyncio.sleep(1)
        lines = timeline.text().splitlines()
        assert len(lines) == KEPT
        assert not any(line.endswith("  0") for line in lines)
        (cut,) = [line for line in lines if line.endswith("x…")]
        assert len(cut.split()[-1]) == WIDTH


def test_without_a_bus_there_is_nothing_to_tell() -> None:
    assert Timeline().text() == ""


def test_a_bus_that_does_not_run_cannot_be_followed() -> None:
    with pytest.raises((AssertionError, RuntimeError, AttributeError)):
        Timeline().follow(Bus("never"), "never")
