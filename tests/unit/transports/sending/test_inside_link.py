from __future__ import annotations

import asyncio

import msgspec
import pytest
from crunching import Add, Counter, Fail, Look, Pass, Relay, Second, Third, Total
from inside_pairs import inside_scene, until
from link_lines import Get, Line, hello_of

from peerbus.actors import LOCAL, Address, MessageTooLarge, MessageTypeError, Peer, PeerGone, RemoteError
from peerbus.actors.router import LinkUp
from peerbus.node.workers.standing_link import standing_link
from peerbus.transports.sending import InsideLink
from peerbus.transports.wire.frames import Tell


async def test_who_is_reached_by_it_is_local_and_is_counted_as_local() -> None:
    async with inside_scene() as scene:
        await scene.add(Counter)
        assert await scene.node.ask(LOCAL / Counter, Add(3), timeout=5) == 3
        link = scene.node.routes.inside["counter"]
        assert isinstance(link, InsideLink)
        assert (link.inside, list(link.reactors), dict(scene.node.routes.peers)) == (True, ["counter"], {})
        assert scene.node.statistics().ledger.local["counter"].sent == 1
        assert not scene.node.statistics().ledger.remote
        with pytest.raises(RemoteError):
            await scene.node.ask(LOCAL / Counter, Fail("no"), timeout=5)
        with pytest.raises(MessageTypeError):
            await scene.node.ask(LOCAL / "counter", "text", timeout=5)


async def test_what_is_sent_between_two_processes_waits_for_the_second_one_and_what_was_accepted_has_failed() -> None:
    async with inside_scene([Second]) as scene:
        kept: list[InsideLink] = []

        def keep(link: InsideLink) -> InsideLink:
            kept.append(standing_link(scene.node, scene.node_codecs, link))
            return kept[0]

        await scene.add(Counter, keep=keep)
        assert await scene.node.ask(LOCAL / Second, Look("bus://local/counter"), timeout=5) == ""
        scene.ends[0].process_ended("was ended by SIGKILL")
        ask = asyncio.ensure_future(scene.node.ask(LOCAL / Counter, Add(7), timeout=5))
        tell = asyncio.ensure_future(scene.node.tell(LOCAL / Counter, Add(1)))
        await until(lambda: scene.node.routes.inside["counter"] is kept[0])
        assert not ask.done()
        # The next process: of its kind the test makes one more, with another name.
        await scene.add(Third)
        other = scene.ends[1].way
        assert other.origin_of(LOCAL / "second") > 0
        kept[0].lost("it is not begun any more")
        for outcome in (ask, tell):
            with pytest.raises(PeerGone, match="not begun any more"):
                await outcome
        scene.node.tell_router(LinkUp(other, order=9))


async def test_what_is_sent_as_a_process_says_that_it_ends_waits_for_the_next_one() -> None:
    async with inside_scene() as scene:
        kept: list[InsideLink] = []

        def keep(link: InsideLink) -> InsideLink:
            kept.append(standing_link(scene.node, scene.node_codecs, link))
            return kept[0]

        await scene.add(Counter, keep=keep)
        way = scene.ends[0].way
        scene.ends[0].hand_over()
        way.stop("it shuts down", shutting_down=True)
        assert scene.node.routes.inside["counter"] is way  # the router has not had its turn
        ask = asyncio.ensure_future(scene.node.ask(LOCAL / Counter, Add(7), timeout=5))
        await until(lambda: scene.node.routes.inside["counter"] is kept[0])
        assert not ask.done()
        kept[0].lost("it is not begun any more")
        with pytest.raises(PeerGone, match="not begun any more"):
            await ask


async def test_a_sender_that_is_neither_here_nor_there_has_a_number_of_its_own_once() -> None:
    async with inside_scene([Second]) as scene:
        await scene.add(Counter)
        way = scene.ends[0].way
        stranger: Address[object] = Peer("cd" * 32) / "third"
        number = way.origin_of(stranger)
        assert number == way.origin_of(stranger) >= 1024
        assert way.origin_of(Peer("cd" * 32) / "fourth") == number + 1
        assert way.origin_of(None) == 0
        assert await scene.node.ask(LOCAL / Counter, Relay("bus://local/second"), timeout=5) != ""


async def test_two_workers_reach_each_other_and_the_node_both_ways() -> None:
    async with inside_scene([Second]) as scene:
        await scene.add(Counter)
        await scene.add(Third)
        assert await scene.node.ask(LOCAL / Third, Pass("bus://local/counter", (1, 2, 3)), timeout=5) == 6
        assert await scene.node.ask(LOCAL / Counter, Pass("bus://local/third", (5,)), timeout=5) == 5
        assert await scene.node.ask(LOCAL / Third, Pass("bus://local/second", (2, 2)), timeout=5) == 4
        assert await scene.node.ask(LOCAL / Second, Total(), timeout=5) == 4


def test_what_waits_for_a_process_is_written_anew_for_one_that_declares_other_messages() -> None:
    line = Line()
    own, there = hello_of("a" * 64), hello_of("b" * 64)
    smaller = tuple(msgspec.structs.replace(each, max_message=100) for each in there.channels)
    standing = InsideLink(line.bus, own, there, line.codecs, line.writer)
    standing.suspend()

    async def tell(number: int, padding: int) -> None:
        await standing.tell("first", Get(number, bytes(padding)), None, 5.0)

    sent = [line.loop.create_task(tell(1, 0)), line.loop.create_task(tell(2, 200))]
    line.settle()
    assert not any(each.done() for each in sent)
    line.link = InsideLink(line.bus, own, msgspec.structs.replace(there, channels=smaller), line.codecs, line.writer)
    line.link.take_over(standing)
    line.settle()
    assert sent[0].result() is None
    assert [len(frame.items) for frame in line.written() if isinstance(frame, Tell)] == [1]
    assert isinstance(sent[1].exception(), MessageTooLarge), "this one carries less than what it waited for"
    standing.lost("over")
    line.close()
