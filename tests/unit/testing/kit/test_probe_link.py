"""The way to a probed peer keeps the law of waiting, as a mailbox and a lane do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from virtual_time import VirtualTimeLoop

from peerbus.actors import Bus, Channel, Peer, PeerGone, SendError
from peerbus.testing.kit.peer_probe import PeerProbe


@dataclass(frozen=True)
class Get:
    height: int


BLOCKS = Channel("blocks", messages=(Get,))

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["tell", "ask"]), st.sampled_from(["now", "late", "never", "cancelled"])),
        st.just(("stall",)),
        st.just(("resume",)),
        st.just(("leave",)),
        st.tuples(st.just("pass"), st.sampled_from([0.0, 0.05, 0.1])),
    ),
    max_size=30,
)


@settings(max_examples=150)
@given(OPERATIONS)
@example([("stall",), ("tell", "late"), ("resume",), ("pass", 0.05)])
def test_at_no_quiet_moment_is_there_credit_and_somebody_who_waits(operations: list[tuple[Any, ...]]) -> None:
    async def send(peer: PeerProbe, bus: Bus, number: int, verb: str, when: str) -> str:
        to, message = Peer(peer.id) / "blocks", Get(number)
        outcome = bus.ask(to, message, timeout=0.2) if verb == "ask" else bus.tell(to, message, timeout=0.2)
        due = bus.loop.time() + 0.2
        if when == "never":
            return "not awaited"
        await asyncio.sleep(0.04 if when == "late" else 0)
        try:
            await outcome
        except SendError as error:
            return error.reason
        finally:
            assert bus.loop.time() <= due + 0.011
        return "sent"

    async def story() -> None:
        async with Bus() as bus, PeerProbe(bus, reactors=[BLOCKS]) as peer:
            tasks = []
            for number, (what, *arguments) in enumerate(operations):
                match what:
                    case "tell" | "ask":
                        tasks.append(asyncio.ensure_future(send(peer, bus, number, what, arguments[0])))
                        if arguments[0] == "cancelled":
                            bus.loop.call_later(0.02, tasks[-1].cancel)
                    case "stall":
                        peer.stall()
                    case "resume":
                        peer.resume()
                    case "leave":
                        await peer.leave()
                    case _:
                        await asyncio.sleep(float(arguments[0]))
                for _ in range(5):
                    await asyncio.sleep(0)
                assert peer._link.overlooked() is None
            results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1.0)
            assert not [each for each in results if not isinstance(each, str | asyncio.CancelledError)]
            got = [message.height for message in peer.messages if isinstance(message, Get)]
            assert len(got) == len(set(got))

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(story())


async def test_a_stream_of_a_peer_that_has_left_says_so() -> None:
    async with Bus() as bus, PeerProbe(bus, reactors=[BLOCKS]) as peer:
        peer._link.end("crashed")  # and the table does not know it yet
        with pytest.raises(PeerGone, match="crashed"):
            await anext(bus.stream(Peer(peer.id) / "blocks", Get(1)))
