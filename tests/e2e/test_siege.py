"""Each attack of `make siege`, in small and in one process: nobody else notices it, and nothing of it is left.

How much the honest notice while it goes on is measured by `make siege`: here no time counts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from virtual_time import eventually, in_real_time

from benchmarks.siege.attack import Target
from benchmarks.siege.attacks import ATTACKS
from benchmarks.siege.nodes import NETWORK, attacked, visitor
from benchmarks.siege.reactors import Desk, Question
from peerbus.actors import Peer
from peerbus.node import Node

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="attackers come from 127.0.0.2 and upwards")
#: Descriptors that are no connection's: of a look-up, of a file that a library opened meanwhile.
SPARE = 8


async def is_served(node: Node, target: Target) -> None:
    answer = await node.ask(Peer(target.node_id) / Desk, Question(3), reply=Question, timeout=30.0, wait_for_peer=True)
    assert answer == Question(3)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("name", ATTACKS)
@in_real_time
async def test_an_attack_ends_without_a_trace_and_the_honest_are_served(name: str, tmp_path: Path) -> None:
    attack = ATTACKS[name]
    async with attacked(name, tmp_path) as places:
        target = Target.at(places, NETWORK, attack.small)
        async with visitor("friend", name, target) as friend:
            await is_served(friend, target)
            before = descriptors()
            await attack.run(target)
            await is_served(friend, target)
            async with visitor("late", name, target) as late:
                await is_served(late, target)
            await eventually(lambda: descriptors() <= before + SPARE)
            assert attack.judge(target.facts) == ()
            assert target.facts["done"] > 0
