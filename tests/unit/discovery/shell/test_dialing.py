"""Dialing: what is said of dials that fail again and again, and of those that reach another process as oneself."""

from __future__ import annotations

import asyncio
from typing import Any

from clusters import Cluster
from virtual_time import eventually, in_virtual_time, log_of_the_loop

from peerbus.transports.streams.identity import Identity


def said(event: str) -> list[dict[str, Any]]:
    """The lines of this event."""
    return [line for line in log_of_the_loop().lines if line["event"] == event]


@in_virtual_time
async def test_dials_that_fail_again_are_summed_up_and_the_first_that_succeeds_is_told() -> None:
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",))
    async with alice:
        await asyncio.sleep(1800)
        assert len(said("dial failed")) == 1
        again = [line["failures"] for line in said("dial failed again")]
        assert again == [2**n for n in range(1, len(again) + 1)]
        assert len(again) >= 4
        assert not said("reached after failed dials")
        async with cluster.node("bob") as bob:
            await eventually(lambda: bob.node_id in alice.peers, 600.0)
    (reached,) = said("reached after failed dials")
    assert (reached["peer"], again[-1] <= reached["failures"] < 2 * again[-1]) == (bob.node_id, True)


@in_virtual_time
async def test_two_processes_with_one_identity_that_meet_are_both_warned_and_told_what_to_do() -> None:
    cluster = Cluster()
    identity = Identity.from_seed(b"i" * 32)
    async with cluster.node("alice", identity=identity), cluster.node("twin", identity=identity, peers=("alice",)):
        await eventually(lambda: said("dial failed") and said("connection refused"))
    for line in (said("dial failed")[0], said("connection refused")[0]):
        assert line["level"] == "warning"
        assert "another process runs with the same identity: make each its own with `peerbus keygen`" in line["error"]


@in_virtual_time
async def test_a_node_that_dials_itself_is_no_reason_for_a_warning() -> None:
    async with Cluster().node("alice", peers=("alice",)):
        await eventually(lambda: said("dial failed") and said("connection refused"))
    assert {line["level"] for line in said("dial failed") + said("connection refused")} == {"info"}
