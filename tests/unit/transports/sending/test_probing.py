"""What a node asks a peer of who waits for whom; `test_probed.py` has the other way."""

from __future__ import annotations

from typing import cast

from crunching import Add, Counter, Wait
from inside_pairs import inside_scene

from peerbus.actors import LOCAL
from peerbus.actors.sends import AskFuture
from peerbus.transports.sending.probing import place_of


async def test_whom_a_send_waits_for_has_an_address_there() -> None:
    async with inside_scene() as scene:
        await scene.add(Counter)
        ask = cast("AskFuture[object]", scene.node.ask(LOCAL / Counter, Wait(30.0), timeout=60))
        assert place_of(ask, "ab") == "bus://ab/counter"
        assert place_of(cast("AskFuture[object]", AskFuture(loop=scene.node.loop)), "ab") == "bus://ab"
        assert await scene.node.ask(LOCAL / Counter, Add(1), timeout=5) == 1
        ask.cancel()
