"""Who is at a server: said when it comes, asked for, taken back; and what strangers may say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from nats_scene import ALICE, BOB, Scene, at_server
from virtual_time import eventually, in_virtual_time

from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport, presence
from peerbus.transports.nats.client_protocol import Delivery
from peerbus.transports.nats.presence import NatsPresence
from peerbus.transports.nats.subjects import Subjects
from peerbus.transports.streams import Identity


class Seen:
    """What one node has heard, the newest last."""

    def __init__(self) -> None:
        self.places: list[list[str]] = []
        self._more = asyncio.Event()

    def __call__(self, places: tuple[object, ...]) -> None:
        self.places.append([str(place).rpartition("/")[2] for place in places])
        self._more.set()

    async def until(self, inboxes: list[str]) -> None:
        async with asyncio.timeout(30):
            while not self.places or self.places[-1] != inboxes:
                self._more.clear()
                await self._more.wait()


@contextlib.asynccontextmanager
async def present(scene: Scene, identity: Identity, inbox: str) -> AsyncIterator[Seen]:
    transport, seen = NatsTransport(identity, [NatsServer("127.0.0.1", scene.server.port)]), Seen()
    transport.meet(seen)
    place = read_endpoint(f"nats://127.0.0.1:{scene.server.port}/lan/{inbox}")
    async with contextlib.aclosing(await transport.listen(place)):
        yield seen


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "SOON", 0.01)
    monkeypatch.setattr(presence, "GOODBYE", 0.02)


async def test_each_hears_of_the_others_those_that_come_later_and_that_go() -> None:
    async with at_server() as scene, present(scene, ALICE, "inbox-of-a") as alice:
        async with present(scene, BOB, "inbox-of-b") as bob:
            await alice.until(["inbox-of-b"])
            await bob.until(["inbox-of-a"])
            async with present(scene, Identity.from_seed(b"c" * 32), "inbox-of-c") as carol:
                await carol.until(["inbox-of-a", "inbox-of-b"])
                await alice.until(["inbox-of-b", "inbox-of-c"])
            await bob.until(["inbox-of-a"])
        await alice.until([])
        said = b"".join(data for _, data in scene.server.published)
        assert ALICE.node_id.encode() not in said


async def test_who_dies_without_a_goodbye_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "AGAIN", 0.05)
    async with at_server() as scene, present(scene, ALICE, "inbox-of-a") as alice:
        monkeypatch.setattr(presence, "LASTS", 0.2)
        link = await scene.bob.link("lan")
        link.connection.publish(link.subjects.presence, b"", [b"Hinbox-of-b"])
        await alice.until(["inbox-of-b"])
        await alice.until([])
        link.let_go()


async def test_strangers_may_say_anything_and_no_more_than_so_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "MOST_HEARD", 8)
    async with at_server() as scene, present(scene, ALICE, "inbox-of-a") as alice:
        link = await scene.bob.link("lan")
        for said in (b"", b"H", b"Hshort", b"H" + b"x" * 500, b"H\xff\xfe" * 9, b"Xinbox-of-x", b"Hinbox.of.a.lot"):
            link.connection.publish(link.subjects.presence, b"$SYS.REQ", [said])
        for number in range(50):
            link.connection.publish(link.subjects.presence, b"", [b"Qinbox-%04d" % number])
        await eventually(lambda: bool(alice.places) and len(alice.places[-1]) == 8)
        assert all(len(places) <= 8 for places in alice.places)
        assert not any(subject.startswith(b"$SYS") for subject, _ in scene.server.published)
        link.let_go()


class Room:
    """Where all hear what each says, at once, itself included."""

    def __init__(self) -> None:
        self.listening: list[Callable[[Delivery], bool]] = []
        self.said: list[bytes] = []

    def say(self, said: bytes) -> None:
        self.said.append(said)
        for listen in [*self.listening]:
            listen(Delivery(b"", 1, b"", 0, said))

    def enter(self, inbox: str, found: Callable[[tuple[object, ...]], None]) -> NatsPresence:
        """Somebody comes with that inbox."""

        def publish(_to: bytes, _reply: bytes, parts: tuple[bytes, ...]) -> None:
            self.say(b"".join(parts))

        def subscribe(_subject: bytes, listen: Callable[[Delivery], bool]) -> None:
            self.listening.append(listen)

        connection = SimpleNamespace(subscribe=subscribe, publish=publish, busy=False, unsubscribe=id)
        link: Any = SimpleNamespace(connection=connection, subjects=Subjects("lan"), rng=Random(1))
        link.token, link.dead, link.listen_at = "token-of-one", False, lambda *_: None
        return NatsPresence(link, inbox, read_endpoint(f"nats://127.0.0.1:4222/lan/{inbox}"), found)


@in_virtual_time
async def test_a_goodbye_that_somebody_else_says_is_denied_and_moves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "GOODBYE", 1.0)
    room, seen = Room(), Seen()
    alice, bob = room.enter("inbox-of-a", seen), room.enter("inbox-of-b", Seen())
    await seen.until(["inbox-of-b"])
    for _ in range(100):
        room.say(b"Ginbox-of-b")
        await asyncio.sleep(0.1)
    assert seen.places == [["inbox-of-b"]]
    assert 9 <= room.said.count(b"Hinbox-of-b") <= 11  # one a second, whatever the pace of the others
    bob.close()
    room.listening.pop()
    await seen.until([])
    alice.close()


@in_virtual_time
async def test_a_flood_of_inboxes_pushes_out_none_that_has_said_itself_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MOST_HEARD", 8)
    room, seen = Room(), Seen()
    alice = room.enter("inbox-of-a", seen)
    for _ in range(2):
        room.say(b"Hinbox-of-b")
    for number in range(200):
        room.say(b"Hinbox-%04d" % number)
        await asyncio.sleep(0.05)
    assert all("inbox-of-b" in places for places in seen.places)
    assert len(seen.places[-1]) == 8
    alice.close()
