"""Traces of a node whose actors are in several processes: one trace, with right parents, in one exporter."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from inside_pairs import until
from opentelemetry.sdk.trace import ReadableSpan
from spans import Spans, attribute, id_of
from traced_workers import Back, Far, Front, Hang, Leap, Look, Note

from peerbus.actors import LOCAL, Peer, PeerGone
from peerbus.node import Node

FRONT, BACK, FAR = "bus://local/front", "bus://local/back", "bus://local/far"
WORKER = LOCAL / Front


def path_to(spans: Spans, span: ReadableSpan) -> list[str]:
    """The names of a span and of all above it, each with the worker that it is of; of the bus's own waits none."""
    by_id = {id_of(each): each for each in spans.all}
    found = []
    at: ReadableSpan | None = span
    while at is not None:
        found.append(f"{at.name}@{attribute(at, 'worker') or attribute(at, 'messaging.client.id') or ''}")
        at = None if at.parent is None else by_id[at.parent.span_id]
    return found[::-1]


def paths(spans: Spans, name: str) -> list[list[str]]:
    return sorted(path_to(spans, span) for span in spans.named(name))


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    yield made
    made.provider.shutdown()


async def _streamed(spans: Spans, node: Node, far: str) -> None:
    """Streams, of an actor of the node and of one of a peer."""
    spans.clear()
    for at in (BACK, far):
        assert await node.ask(WORKER, Look(at), timeout=10) == 3
    await until(lambda: spans.whole and len(spans.named("process front")) == 2)
    assert paths(spans, "process back") == [
        ["ask front@node", "process front@one", "stream back@one", "process back@node"]
    ]
    assert paths(spans, "process far") == [
        ["ask front@node", "process front@one", "stream far@one", "process far@peer"]
    ]
    assert {attribute(span, "items") for span in spans.all if span.name.startswith("stream")} == {3}


async def _told(spans: Spans, node: Node, far: str) -> None:
    """Tells, and many of them."""
    spans.clear()
    for many in (False, True):
        await node.tell(WORKER, Note((BACK, FRONT, far), many))
    await until(lambda: spans.whole and len(spans.named("process far")) == 1 + 8)
    told = ["tell front@node", "process front@one", "tell back@one", "process back@node", "tell front@node"]
    assert [*told, "process front@one", "tell far@one", "process far@peer"] in paths(spans, "process far")
    assert len(spans.traces) == 2


async def _killed(spans: Spans, node: Node, pid: int) -> None:
    """What is under way in a process that is killed is over, and says so."""
    spans.clear()
    hanging = node.ask(WORKER, Hang(), timeout=30)
    await until(lambda: node.snapshot().workers[0].delivered is not None)
    assert await node.ask(WORKER, Leap(()), timeout=10) == "here"
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(PeerGone):
        await hanging
    await until(lambda: spans.whole and len(spans.named("process front")) == 2)
    assert [attribute(span, "error.type") for span in spans.named("process front")] == [None, "worker_ended"]


async def test_what_goes_over_processes_and_nodes_is_one_trace(spans: Spans, tmp_path: Path) -> None:
    where = f"unix://{tmp_path}/s"
    async with (
        Node(
            "node",
            reactors=[Back],
            processes={"one": [Front]},
            channels=[Far.channel],
            listen=[where],
            extensions=[spans.tracing()],
        ) as node,
        Node("peer", reactors=[Far], channels=[Front.channel], peers=[where], extensions=[spans.tracing()]) as peer,
    ):
        await until(lambda: bool(peer.peers and node.peers))
        pid = node.workers()[0].pid
        far = f"bus://{peer.node_id}/far"
        # From the node to its worker, from there to an actor of the node, back to the worker, and on to a peer.
        assert await node.ask(WORKER, Leap((BACK, FRONT, far)), timeout=10) == "here"
        await until(lambda: spans.whole and len(spans.named("process front")) == 2)
        (whole,) = paths(spans, "process far")
        assert whole == [
            "ask front@node", "process front@one", "program's own@one", "ask back@one", "process back@node",
            "ask front@node", "process front@one", "program's own@one", "ask far@one", "process far@peer",
        ]  # fmt: skip
        assert len(spans.traces) == 1
        worked = [span for span in spans.all if attribute(span, "worker") == "one"]
        assert {attribute(span, "process.pid") for span in worked} == {pid}
        mine = [span for span in worked if span.name == "program's own"]
        assert sorted(str((span.attributes or {})["left"]) for span in mine) == ["1", "3"]
        assert all(span.events[0].name == "begun" for span in mine)
        assert all(span.resource == spans.named("process back")[0].resource for span in worked), "they are the node's"
        for span in spans.all:
            assert span.end_time is not None
            assert span.start_time is not None
            assert span.start_time <= span.end_time
        # A peer asks it, and it is handed on unread.
        spans.clear()
        assert await peer.ask(Peer(node.node_id) / Front, Leap((BACK,)), timeout=10) == "here"
        await until(lambda: spans.whole and len(spans.named("process front")) == 1)
        assert paths(spans, "process back") == [
            ["ask front@peer", "process front@one", "program's own@one", "ask back@one", "process back@node"]
        ]
        assert attribute(spans.one("wait front", queue="outbox", **{"messaging.client.id": "node"}), "peer") is not None
        await _streamed(spans, node, far)
        await _told(spans, node, far)
        await _killed(spans, node, pid)


async def test_between_two_workers(spans: Spans) -> None:
    async with Node(
        "node",
        processes={"one": [Front], "two": [Back]},
        extensions=[spans.tracing()],
    ) as node:
        assert await node.ask(WORKER, Leap((BACK,)), timeout=10) == "here"
        await until(lambda: spans.whole and len(spans.named("process back")) == len(spans.named("process front")) == 1)
        assert paths(spans, "process back") == [
            ["ask front@node", "process front@one", "program's own@one", "ask back@one", "process back@two"]
        ]
