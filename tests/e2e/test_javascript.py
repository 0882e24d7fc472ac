"""clients/javascript, written from docs/wire.md: its own tests, and a program of it beside a real node.

`make javascript` installs what it needs; without that, or without Node.js, these are skipped.
"""

from __future__ import annotations

import asyncio
import re
import runpy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from javascript_client import CLIENT, NODE, needs_node, script, shown

from peerbus.actors import Channel, Message, Reactor, RemoteError, Request, Role, handles
from peerbus.node import Network, Node
from peerbus.transports.admission import NetworkKey
from peerbus.transports.streams import Authority, Identity, Terms

PLACE = "tcp://127.0.0.1:0"


class Hello(Message, Request[str]):
    name: str


class Big(Message, Request[int]):
    number: int


class Blob(Message, Request[int]):
    data: bytes


class Item(Message):
    number: int
    tags: dict[int, str] = msgspec.field(default_factory=dict)
    at: datetime | None = None


class Late(Message, Request[str]):
    seconds: float


class Pair(Message, array_like=True):
    left: int
    right: str = ""


class Add(Message, tag="add"):
    number: int


class Total(Message, Request[int]):
    pass


class Desk(Reactor):
    """Answers what the program asks."""

    channel = Channel("desk", messages=(Hello, Big, Blob, Item, Late, Pair, Add, Total), max_message=8_000_000)

    def __init__(self) -> None:
        super().__init__()
        self.hellos = 0

    @handles(Hello)
    def hello(self, hello: Hello) -> str:
        self.hellos += 1
        return f"hello {hello.name}"

    @handles(Big)
    def big(self, big: Big) -> int:
        return big.number + 1

    @handles(Blob)
    def blob(self, blob: Blob) -> int:
        return sum(blob.data)

    @handles(Item)
    def item(self, item: Item) -> Item:
        return item

    @handles(Late)
    async def late(self, late: Late) -> str:
        if late.seconds:
            await asyncio.Event().wait()  # until the asker gives up
        return f"{late.seconds!r}"

    @handles(Pair)
    def pair(self, pair: Pair) -> str:
        return f"{pair.left} {pair.right}"

    @handles(Add)
    def add(self, add: Add) -> int:
        return add.number

    @handles(Total)
    def total(self, total: Total) -> int:
        return self.hellos


class Count(Message):
    number: int
    data: bytes = b""


class Sum(Message, Request[list[int]]):
    pass


class Block(Message):
    number: int
    data: bytes


class Fail(Message):
    code: str


class Later:
    """Messages of a later version of the same program."""

    class Count(Message):
        number: int
        data: bytes = b""
        note: str = ""


LATER = Channel("counter", messages=(Later.Count, Sum))
COUNTER = Channel("counter", messages=(Count, Sum, Block, Fail))
COUNTERS = Role("counter", where="lang=js")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the two channels."""
    path = tmp_path_factory.mktemp("javascript") / "schema.json"
    return shown("test_javascript:Desk", "test_javascript:COUNTER", folder=Path(__file__).parent, path=path)


@contextmanager
def desk(listen: str = PLACE, counter: Channel[Any] = COUNTER) -> Iterator[Node]:
    identity = Identity.from_seed(b"d" * 32)
    with Node(
        "desk",
        network="script",
        identity=identity,
        listen=[listen],
        offers={"desk"},
        reactors=[Desk],
        channels=[counter],
    ) as node:
        yield node


@needs_node
@pytest.mark.timeout(300)
def test_its_own_tests_pass_with_the_vectors_of_the_page_and_a_peer_that_is_moved_by_hand() -> None:
    assert NODE is not None
    tests = sorted(str(path) for path in (CLIENT / "test").glob("*.test.js"))
    done = subprocess.run(
        (NODE, "--test", *tests), check=False, capture_output=True, text=True, timeout=300, cwd=CLIENT
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


@needs_node
def test_it_asks_and_tells_a_real_node(schema: Path) -> None:
    with desk() as node, script("asks", node, schema) as asks:
        found = asks.next()
    # Its own clock, as a rule; a node that is slow at the wrong moment is quicker with its word.
    assert found.pop("late") in (["deadline", "perhaps"], ["deadline_mailbox", "no"], ["deadline_handler", "yes"])
    assert found == {
        "wrong": 0,
        "big": "9223372036854775809n",
        "above32": 2**40 + 1,
        "safe": -6,
        "fraction": ["message_type", "no"],
        "blob": 42_000_000,
        "large": ["too_large", "no"],
        "item": ["Item", 1, [[5, "x"]], "1970-01-01T00:00:00.000Z"],
        "pair": "3 x",
        "add": 4,
        "float": "0.0",
        "everyone": 1,
        "total": 7001,
        "named": "hello you",
        "roles": ["desk"],
        "schema": ["schema_mismatch", "no"],
        "newer": "hello you",
    }


@needs_node
def test_it_serves_a_channel_that_python_finds_by_role(schema: Path) -> None:
    with desk() as node, script("serves", node, schema) as serves:
        assert serves.next() == ["up", "desk"]
        for number in range(3000):  # far more than its window: it gives credit back
            node.tell(COUNTERS / COUNTER, Count(number), timeout=60, wait_for_peer=True).get()
        node.tell(COUNTERS / COUNTER, Count(1, bytes(3_000_000)), timeout=60).get()
        assert node.ask(COUNTERS / COUNTER, Sum(), timeout=60).get() == [sum(range(3000)) + 1, 3_000_000]
        answer = node.ask(COUNTERS / COUNTER, Block(6, b"ab" * 500_000), reply=Block, timeout=60).get()
        assert (answer.number, len(answer.data)) == (7, 2_000_000)
        for code, text in (("unlucky", "no more"), ("TypeError", "a defect"), ("deadline_handler", "no more")):
            with pytest.raises(RemoteError, match=text) as caught:
                node.ask(COUNTERS / COUNTER, Fail(code), reply=str, timeout=60).get()
            assert caught.value.code == code  # travels as `reactor:deadline_handler`
        serves.say("end")
        assert serves.next()[0] == "down"
        assert serves.next() == ["closed"]


@needs_node
def test_it_comes_back_when_its_peer_has_restarted(schema: Path) -> None:
    with desk() as node, script("serves", node, schema) as serves:
        assert serves.next() == ["up", "desk"]
        place = node.endpoints[0]
        node.stop()
        assert serves.next() == ["down", "shutting_down"]
        with desk(place) as again:
            assert serves.next() == ["up", "desk"]
            assert again.ask(COUNTERS / COUNTER, Sum(), timeout=60, wait_for_peer=True).get() == [0, 0]


@needs_node
def test_a_program_with_a_field_more_sends_to_it(schema: Path) -> None:
    with desk(counter=LATER) as node, script("serves", node, schema) as serves:
        assert serves.next() == ["up", "desk"]
        node.tell(COUNTERS / LATER, Later.Count(5, note="new"), timeout=60, wait_for_peer=True).get()
        assert node.ask(COUNTERS / LATER, Sum(), timeout=60).get() == [5, 0]


@needs_node
def test_a_network_with_a_key_and_an_authority_lets_it_in_and_says_why_not(schema: Path) -> None:
    folder, authority = schema.parent, Authority.generate(Terms(begins=1.0, ends=5e9))
    ours, theirs, terms = Identity.from_seed(b"d" * 32), Identity.from_seed(b"j" * 32), Terms(begins=1.0, ends=4e9)
    NetworkKey(b"k" * 32).save(folder / "demo.key")
    for name, identity in (("own.pem", theirs), ("ours.pem", ours)):
        (folder / name).write_bytes(authority.issue(identity.public_key_der, terms).certificate)
    (folder / "authority.pem").write_bytes(authority.certificate)
    network = Network(
        "script",
        network_key=folder / "demo.key",
        authority=folder / "authority.pem",
        certificate=folder / "ours.pem",
    )
    with (
        Node("desk", network=network, identity=ours, listen=[PLACE], offers={"desk"}, reactors=[Desk]) as node,
        script("closed", node, schema) as closed,
    ):
        assert [closed.next() for _ in range(4)] == [
            "network_policy",
            "network_key",
            "network_policy",
            f"hello {theirs.node_id[:4]}",
        ]


@needs_node
def test_the_program_of_the_readmes_is_answered(tmp_path: Path) -> None:
    readme = (CLIENT.parents[1] / "README.md").read_text(encoding="utf-8")
    python, javascript = (
        re.findall(rf"^```{name}\n(.*?)^```$", readme, re.M | re.S)[0] for name in ("python", "javascript")
    )
    program = python.partition("\n\n\nwith Node(")[0]
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    shown("program:Greeter", folder=tmp_path, path=tmp_path / "schema.json")
    greeter = runpy.run_path(str(tmp_path / "program.py"))["Greeter"]
    with Node("alice", offers={"greeter"}, reactors=[greeter], listen=[PLACE]) as node:
        place = node.endpoints[0].replace(f"{node.node_id}@", "")
        script = javascript.replace('"peerbus"', f'"{CLIENT / "src" / "index.js"}"', 1).replace(
            "tcp://127.0.0.1:7400", place
        )
        (tmp_path / "web.mjs").write_text(script, encoding="utf-8")
        assert NODE is not None
        done = subprocess.run((NODE, "web.mjs"), check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("hello world, this is alice\n", "")
