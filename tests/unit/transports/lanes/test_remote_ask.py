"""An ask that goes over to another connection is on that one's lane, and given up there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from peerbus.actors import Channel
from peerbus.actors.sends.ask import AskFuture
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.lanes.remote_ask import RemoteAsk
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int


INFO = ChannelCodec(Channel("store", messages=(Get,))).info


async def test_an_ask_moves_to_the_lane_of_another_connection() -> None:
    first, second = (OutLane(0, INFO, None, lambda _: None) for _ in range(2))
    given_up: list[object] = []

    def abandon(future: AskFuture[object]) -> str:
        given_up.append(future)
        return "reply"

    ask: RemoteAsk[object] = RemoteAsk(loop=asyncio.get_running_loop())
    ask.message, ask.slot, ask.lane, ask.rid = Get(1), None, first, 0
    ask.move(second, abandon)
    assert ask.lane is second
    ask.cancel()
    assert given_up == [ask]
