"""What a peer may ask of who waits for whom; tests/network/test_deadlock.py has it of whole nodes."""

from __future__ import annotations

from typing import cast

import pytest
from crunching import Counter, Round, Second, Third
from inside_pairs import inside_scene

from peerbus.actors import LOCAL, Address, Bus, Channel, Message, RemoteError, parse_address
from peerbus.transports.lanes import InLane
from peerbus.transports.lanes.in_lane import InSide
from peerbus.transports.receiving.probed import probe
from peerbus.transports.wire import ChannelCodec
from peerbus.transports.wire.frames import ProbeFrame


class Note(Message):
    number: int


async def test_a_probe_of_an_ask_that_is_answered_or_of_an_actor_that_is_gone_comes_to_nothing() -> None:
    codec = ChannelCodec(Channel("desk", messages=(Note,)))
    lane = InLane(cast("InSide", None), 0, codec.info, codec)
    async with Bus("test") as bus:
        for rid in (7, 0):
            probe(bus, lane, None, ProbeFrame(rid, 0, 1, ["bus://x/desk"]), "a" * 64, "b" * 64)


FIRST, SECOND, THIRD = (str(LOCAL / each) for each in (Counter, Second, Third))


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    "way",
    [
        (FIRST, SECOND, FIRST),  # the node's own process, and a worker
        (SECOND, FIRST, SECOND),
        (SECOND, THIRD, SECOND),  # two workers
        (THIRD, SECOND, FIRST, THIRD),  # all three
        (FIRST, THIRD, SECOND, FIRST),
    ],
)
async def test_a_circle_over_processes_of_a_node_is_found_and_named(way: tuple[str, ...], streams: bool) -> None:
    async with inside_scene([Counter]) as scene:
        for reactor in (Second, Third):
            await scene.add(reactor)
        to = parse_address(way[0])
        assert isinstance(to, Address)
        with pytest.raises(RemoteError) as raised:
            await scene.node.ask(to, Round(way[1:], streams), timeout=20)
        named = {text.rpartition("/")[2] for text in way}
        assert raised.value.code == "Deadlock"
        circle = raised.value.text.partition(": ")[2].partition("; ")[0].split(" → ")
        assert {text.rpartition("/")[2] for text in circle} == named, raised.value.text
        assert len(circle) == len(way), "each of them once, and the first one again"
        assert await scene.node.ask(to, Round((), streams), timeout=5) == "through", "and all go on"
