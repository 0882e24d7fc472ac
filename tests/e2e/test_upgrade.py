"""Three nodes are upgraded one by one under load, over TCP with TLS, and taken back again: no ask and no tell fails."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulated_pair import OPTIONS
from virtual_time import eventually, in_real_time

from peerbus.actors import Channel, Message, Reactor, Request, Role
from peerbus.node import Node
from peerbus.transports.streams import Identity

#: Version 1 of a program: what its messages are stands apart, as version 2 changes nothing else.
MESSAGES = {
    1: """
class Got(Message):
    key: int

class Get(Message, Request[Got]):
    key: int

class Put(Message):
    key: int
    owner: str

class Drop(Message):
    key: int
""",
    # A field more in each, with a default; one that is wider; one that may be missing from now on; a message more,
    # and one less; another order.
    2: """
class Got(Message):
    key: int
    owner: str = "nobody"
    version: int = 2

class Sweep(Message, Request[int]):
    before: int

class Put(Message):
    key: float
    owner: str = "nobody"
    tags: list[str] = msgspec.field(default_factory=list)

class Get(Message, Request[Got]):
    key: int
    deep: bool = False
""",
}
HANDLERS = {
    1: """
    @handles(Put, Drop)
    def keep(self, message: Put | Drop) -> None: ...
""",
    2: """
    @handles(Put)
    def keep(self, message: Put) -> None: ...

    @handles(Sweep)
    def sweep(self, message: Sweep) -> int:
        return message.before
""",
}
DECLARED = {1: "Get, Put, Drop, Got", 2: "Sweep, Put, Get"}
PROGRAM = """
from __future__ import annotations

import msgspec

from peerbus.actors import Channel, Message, Reactor, Request, handles

{messages}

class Store(Reactor):
    channel = Channel("store", messages=({declared},))

    @handles(Get)
    def get(self, message: Get) -> Got:
        return Got(message.key)
{handlers}
"""


class Got(Message):
    key: int


class Get(Message, Request[Got]):
    key: int


class Put(Message):
    key: int
    owner: str


#: Who asks is of version 1 all the while: the last that one comes to.
ASKER: Channel[Any] = Channel("store", messages=(Get, Put, Got))


class Server:
    """One place at which a node runs, now of one version and now of another."""

    def __init__(self, name: str, versions: dict[int, type[Reactor]]) -> None:
        self.name = name
        self.endpoint = "tcp://127.0.0.1:0"
        self._versions = versions
        self._node: Node | None = None
        self._identity = Identity.generate()

    async def start(self, version: int) -> None:
        self._node = Node(
            self.name,
            identity=self._identity,
            network="upgrade",
            listen=[self.endpoint],
            reactors=[self._versions[version]],
            offers=["store"],
            mdns=False,
            pex=False,
        )
        await self._node.__aenter__()
        (endpoint,) = self._node.endpoints
        self.endpoint = f"tcp://{endpoint.rpartition('@')[2].removeprefix('tcp://')}"

    async def stop(self) -> None:
        if self._node is not None:
            await self._node.aclose()
            self._node = None


class Load:
    """Asks and tells without a pause, and what became of them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.answered = 0
        self.failed: Counter[str] = Counter()
        self._tasks = [asyncio.ensure_future(self._ask(number)) for number in range(4)]
        self._tasks.append(asyncio.ensure_future(self._tell()))
        self.stopping = False

    async def _ask(self, number: int) -> None:
        role = Role("store") / "store"
        while not self.stopping:
            try:
                answer = await self._node.ask(role, Get(number), timeout=60, wait_for_peer=True)
                assert answer == Got(number)
                self.answered += 1
            except Exception as error:  # noqa: BLE001  # whatever it is, it is counted
                self.failed[f"{type(error).__name__}: {error}"] += 1
            await asyncio.sleep(0)

    async def _tell(self) -> None:
        role, number = Role("store") / "store", 0
        while not self.stopping:
            number += 1
            try:
                await self._node.tell(role, Put(number, "me"), timeout=60, wait_for_peer=True)
            except Exception as error:  # noqa: BLE001  # likewise
                self.failed[f"tell: {type(error).__name__}: {error}"] += 1
            if not number % 20:
                await asyncio.sleep(0.001)

    async def some_more(self) -> None:
        """Until it has gone on for some time."""
        until = self.answered + 100
        await eventually(lambda: self.answered >= until or self.failed, within=60)

    async def end(self) -> None:
        self.stopping = True
        await asyncio.gather(*self._tasks)


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, type[Reactor]]]:
    """The reactor of each."""
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {}
    for version in (1, 2):
        program = PROGRAM.format(
            messages=MESSAGES[version], declared=DECLARED[version], handlers=HANDLERS[version].rstrip()
        )
        name = f"upgraded_store_{version}"
        (tmp_path / f"{name}.py").write_text(program)
        found[version] = importlib.import_module(name).Store
    yield found
    for version in found:
        del sys.modules[f"upgraded_store_{version}"]


@in_real_time
async def test_three_nodes_are_upgraded_one_by_one_under_load_forth_and_back(
    versions: dict[int, type[Reactor]],
) -> None:
    servers = [Server(f"server{number}", versions) for number in range(3)]
    try:
        for server in servers:
            await server.start(1)
        peers = [server.endpoint for server in servers]
        node = Node("asker", network="upgrade", peers=peers, channels=[ASKER], mdns=False, pex=False, options=OPTIONS)
        async with node:
            load = Load(node)
            await load.some_more()
            for version in (2, 1):
                for server in servers:
                    await server.stop()
                    await load.some_more()  # by the two others
                    await server.start(version)
                    await eventually(lambda: len(node.peers) == 3, within=60)
                    await load.some_more()
            await load.end()
            assert load.failed == {}
            assert load.answered >= 1000
    finally:
        for server in servers:
            await server.stop()
