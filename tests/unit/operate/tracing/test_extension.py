"""One trace over several nodes: each send, wait and handler is in it, under the send that it belongs to."""

from __future__ import annotations

import asyncio
import builtins
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from spans import Spans, attribute

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Channel,
    ConfigError,
    Message,
    Peer,
    Reactor,
    RemoteError,
    Request,
    Role,
    Stream,
    handles,
)
from peerbus.node import Node
from peerbus.node.config.config import parse_config
from peerbus.operate import Tracing
from peerbus.operate.configured import extensions_of

LEAST = 'name = "alice"\nnetwork = "demo"\n'


class Get(Message):
    key: str


class Put(Message):
    value: bytes


class Keys(Message, Request[Stream[str]]):
    count: int
    fails: bool = False


class Store(Reactor):
    channel = Channel("store", messages=(Get, Put, Keys), idempotent=(Get,), window=2, max_message=300_000)
    #: The first of the program that is asked to hold answers nothing.
    held: asyncio.Future[str]

    @handles(Get)
    async def get(self, message: Get) -> str:
        if message.key == "hold" and not Store.held.done():
            Store.held.set_result(self.bus.name)
            await asyncio.Event().wait()
        return message.key

    @handles(Keys)
    async def keys(self, keys: Keys) -> AsyncIterator[str]:
        for number in range(keys.count):
            await self.ask(Role("front") / "front", Get(str(number)), reply=str)
            yield str(number)
        if keys.fails:
            raise KeyError("secret")

    @handles(Put)
    def put(self, message: Put) -> None:
        """Take it."""


class Front(Reactor):
    channel = Channel("front", messages=(Get,), compress="zlib")  # frames of another kind: they are read beside traces

    @handles(Get)
    async def get(self, message: Get) -> str:
        return await self.ask(Role("store") / "store", message, reply=str)


def name_of(reactor: type[Reactor]) -> str:
    assert reactor.__channel__ is not None
    return reactor.__channel__.name


@asynccontextmanager
async def node(
    spans: Spans | None, name: str, *peers: Node, reactors: tuple[type[Reactor], ...] = ()
) -> AsyncIterator[Node]:
    """One that knows those peers; `spans` None: it does not trace."""
    made = Node(
        name,
        listen=("tcp://127.0.0.1:0",),
        peers=[endpoint for peer in peers for endpoint in peer.endpoints],
        offers=[name_of(reactor) for reactor in reactors],
        reactors=reactors,
        channels=[each.channel for each in (Store, Front) if each not in reactors],
        extensions=() if spans is None else (spans.tracing(),),
        shutdown_timeout=0.1,
    )
    async with made:
        for peer in peers:
            await met(made, peer)
        yield made


async def met(one: Node, other: Node) -> None:
    """Wait until each has the other in its table."""
    while other.node_id not in one.peers or one.node_id not in other.peers:  # noqa: ASYNC110  # it tells nobody
        await asyncio.sleep(0)


async def test_one_trace_leads_over_three_nodes() -> None:
    spans = Spans()
    async with (
        node(spans, "c", reactors=(Store,)) as c,
        node(spans, "b", c, reactors=(Front,)) as b,
        node(spans, "a", b) as a,
    ):
        with spans.provider.get_tracer("program").start_as_current_span("program"):
            assert await a.ask(Role("front") / "front", Get("x"), reply=str) == "x"
    assert len(spans.traces) == 1
    assert spans.parent(spans.one("ask front")) == "program"
    assert spans.parent(spans.one("process front")) == "ask front"
    assert spans.parent(spans.one("ask store")) == "process front"
    assert spans.parent(spans.one("process store")) == "ask store"
    for name in ("front", "store"):
        waits = spans.named(f"wait {name}")
        assert {attribute(span, "queue") for span in waits} == {"outbox", "mailbox"}
        assert {spans.parent(span) for span in waits} == {f"ask {name}"}
    by_node = {span.name: attribute(span, "messaging.client.id") for span in spans.all if span.name[0] in "ap"}
    assert by_node == {"ask front": "a", "process front": "b", "ask store": "b", "process store": "c"} | {
        "program": None
    }
    assert attribute(spans.one("process store"), "peer") == b.node_id
    left = attribute(spans.one("process store"), "deadline")
    assert isinstance(left, float)
    assert 0 < left < 5


async def test_a_fail_over_is_one_send_with_a_handler_at_each_that_was_tried() -> None:
    spans = Spans()
    Store.held = asyncio.get_running_loop().create_future()
    async with (
        node(spans, "b", reactors=(Store,)) as b,
        node(spans, "c", reactors=(Store,)) as c,
        node(spans, "a", b, c) as a,
    ):
        asked = asyncio.ensure_future(a.ask(Role("store") / "store", Get("hold"), reply=str, timeout=30.0))
        first = b if await Store.held == "b" else c
        await first.aclose()
        assert await asked == "hold"
    ask = spans.one("ask store")
    assert ask.parent is None
    processes = spans.named("process store")
    assert {spans.parent(span) for span in processes} == {"ask store"}
    assert {attribute(span, "messaging.client.id") for span in processes} == {"b", "c"}
    assert {attribute(span, "error.type") for span in processes} == {"cancelled", None}
    assert len(spans.named("wait store", queue="outbox")) == 2
    assert len(spans.traces) == 1


class Echo(Front):
    @handles(Get)
    async def get(self, message: Get) -> str:
        return message.key


@pytest.mark.parametrize("far", [False, True])
async def test_a_stream_is_a_span_from_the_call_to_its_end_with_how_many_items_came(far: bool) -> None:
    spans = Spans()
    async with node(spans, "b", reactors=(Store, Echo)) as b, node(spans, "a", b) as a:
        reader = a if far else b
        to = Peer(b.node_id) / Store if far else LOCAL / Store
        with spans.provider.get_tracer("program").start_as_current_span("program"):
            assert [key async for key in reader.stream(to, Keys(3))] == ["0", "1", "2"]
        async for _ in reader.stream(to, Keys(10_000)):
            break
        with pytest.raises(RemoteError):
            async for _ in reader.stream(to, Keys(1, fails=True)):
                pass
        async with reader.open(to, Keys(2)) as both:
            assert [key async for key in both] == ["0", "1"]
        while len(spans.named("process store")) < 4:  # noqa: ASYNC110  # the one that was left ends by itself
            await asyncio.sleep(0)
    whole, left, failed = spans.named("stream store")
    assert spans.parent(whole) == "program"
    assert (attribute(whole, "items"), attribute(failed, "items")) == (3, 1)
    assert attribute(left, "items") in range(1, 1_000)
    assert [attribute(span, "error.type") for span in (whole, left, failed)] == [None, None, "KeyError"]
    assert attribute(spans.one("open store"), "items") == 2
    processes = spans.named("process store")
    assert sorted(map(spans.parent, processes)) == ["open store", *["stream store"] * 3]
    asks = [spans.parent(span) for span in spans.named("ask front")]
    assert set(asks) == {"process store"}, "what a generator asks is below it"


async def test_a_quorum_is_one_send_with_a_handler_at_each_receiver() -> None:
    spans = Spans()
    async with (
        node(spans, "b", reactors=(Store,)) as b,
        node(spans, "c", reactors=(Store,)) as c,
        node(spans, "a", b, c) as a,
    ):
        results = await a.ask(EVERYONE / "store", Get("x"), reply=str, quorum=2)
        assert len(results.answers) == 2
    assert spans.one("ask store").parent is None
    processes = spans.named("process store")
    assert [spans.parent(span) for span in processes] == ["ask store", "ask store"]
    assert {attribute(span, "messaging.client.id") for span in processes} == {"b", "c"}
    assert len(spans.traces) == 1


async def test_what_waits_for_credit_says_so_and_large_messages_have_their_trace() -> None:
    spans = Spans()
    async with node(spans, "b", reactors=(Store,)) as b, node(spans, "a", b) as a:
        to = Peer(b.node_id) / "store"
        await asyncio.gather(*(a.tell(to, Put(bytes(size))) for size in (8, 200_000, 16, 40_000, 8)))
        assert await a.tell_many(to, [Put(bytes(8)) for _ in range(5)]) == 5
        assert await a.ask(to, Get("x"), reply=str) == "x"
    assert len(spans.named("tell store")) == 5
    assert len(spans.named("process store")) == 11
    assert all(
        spans.parent(span) in ("tell store", "tell_many store", "ask store") for span in spans.named("process store")
    )
    assert spans.named("wait store", queue="credit")
    assert len(spans.traces) == 7


async def test_a_node_that_traces_and_one_that_does_not_understand_each_other() -> None:
    spans = Spans()
    async with node(None, "b", reactors=(Store,)) as b, node(spans, "a", b, reactors=(Front,)) as a:
        assert await a.ask(Peer(b.node_id) / "store", Get("there"), reply=str) == "there"
        await a.tell(Peer(b.node_id) / "store", Put(bytes(100_000)))
        assert await b.ask(Peer(a.node_id) / "front", Get("back"), reply=str) == "back"
    assert spans.named("process store") == []
    assert spans.named("process front") == []
    assert len(spans.named("ask store")) == 2


def test_where_tracing_is_off_nothing_of_it_is_imported() -> None:
    program = """
import sys
import peerbus.actors, peerbus.transports, peerbus.operate.configured, peerbus.operate.cli
from peerbus.node import Node
from peerbus.operate import Admin, Tracing
Node("alice")
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    subprocess.run([sys.executable, "-P", "-c", program], check=True, timeout=60)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> object:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "peerbus.operate.tracing.otel_tracer", raising=False)
    monkeypatch.delattr("peerbus.operate.tracing.otel_tracer", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match=r"pip install 'peerbus\[otel\]'"):
        Tracing()


def test_it_is_switched_on_in_a_configuration() -> None:
    def extensions(text: str) -> list[object]:
        config = parse_config(LEAST + "[admin]\nenabled = false\n" + text, name="alice.toml", folder=Path("."))
        return list(extensions_of(config))

    assert extensions("") == []
    (made,) = extensions("[tracing]\nenabled = true\nfollow = false\n")
    assert isinstance(made, Tracing)


def test_two_of_them_are_one_too_many_and_so_is_less_than_nothing() -> None:
    with pytest.raises(ConfigError, match="2 extensions of alice trace"):
        Node("alice", extensions=[Tracing(), Tracing()])
    with pytest.raises(ConfigError, match="recorded"):
        Tracing(recorded=-1)
