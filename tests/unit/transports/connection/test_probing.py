"""What a peer may ask of who waits for whom; tests/network/test_deadlock.py has it of whole nodes."""

from __future__ import annotations

from typing import cast

from peerbus.actors import Bus, Channel, Message
from peerbus.transports.connection.probing import probe
from peerbus.transports.lanes import InLane
from peerbus.transports.lanes.in_lane import InSide
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
