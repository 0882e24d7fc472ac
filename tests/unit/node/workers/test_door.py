"""Who comes in as a worker that runs elsewhere, and who does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from peerbus.actors import HandshakeFailed
from peerbus.node.workers.door import GREETED, STRANGERS, WorkerDoor, refusal_of
from peerbus.node.workers.setup import inside_hello, unproven_id
from peerbus.node.workers.worker_main import WorkerRun
from peerbus.transports.streams import Endpoint, Identity, TcpTransport, UnixTransport

ID, OTHER = "ab" * 32, "cd" * 32
HELLO = inside_hello(ID, "crunch", 1, bytes(16))


@pytest.mark.parametrize(
    ("keys", "proven", "taken", "reason"),
    [
        ({"crunch": ID}, ID, False, None),
        ({"crunch": ""}, None, False, None),
        ({"crunch": ""}, ID, False, None),
        ({"crunch": ID}, OTHER, False, "node_id"),
        ({"crunch": ID}, None, False, "node_id"),
        ({"render": ID}, ID, False, "name"),
        ({"crunch": ID}, ID, True, "connected"),
        ({"crunch": ID}, OTHER, True, "node_id"),
        ({"render": ID}, OTHER, False, "node_id"),
    ],
)
def test_its_name_and_its_key_are_those_that_the_node_names(
    keys: dict[str, str], proven: str | None, taken: bool, reason: str | None
) -> None:
    refusal = refusal_of(HELLO, proven, keys, taken=taken)
    assert (None if refusal is None else refusal[0]) == reason


def test_it_is_of_the_same_version() -> None:
    older = msgspec.structs.replace(HELLO, agent="peerbus worker/0.0.1")
    refusal = refusal_of(older, ID, {"crunch": ID}, taken=False)
    assert refusal is not None
    assert refusal[0] == "version"
    assert "install the same" in refusal[1]


async def test_who_is_awaited_comes_in_once_and_others_are_told_why_not(tmp_path: Path) -> None:
    place = Endpoint.parse(f"unix://{tmp_path}/w")
    door = WorkerDoor("n", ID, Identity.generate(), place, 1)
    door.keys["crunch"] = ""
    await door.open()
    awaited = asyncio.ensure_future(door.next("crunch"))
    for name, parent, why in (
        ("render", "", "no worker 'render' is awaited here, but 'crunch'"),
        ("crunch", OTHER, "this worker belongs to"),
    ):
        stream = await UnixTransport().dial(place, expect=None, timeout=5)
        with pytest.raises(HandshakeFailed, match=why):
            await WorkerRun(name, unproven_id(name), parent).greet(stream)
    stream = await UnixTransport().dial(place, expect=None, timeout=5)
    greeted = await WorkerRun("crunch", unproven_id("crunch"), ID).greet(stream)
    assert (greeted.peer.name, (await awaited).peer.name) == ("n", "crunch")
    another = await UnixTransport().dial(place, expect=None, timeout=5)
    with pytest.raises(HandshakeFailed, match="is connected already"):
        await WorkerRun("crunch", unproven_id("crunch"), ID).greet(another)
    await stream.aclose()
    await (await awaited).stream.aclose()
    await door.aclose()
    await door.aclose()


async def test_strangers_who_say_nothing_keep_no_worker_out() -> None:
    worker, node = Identity.generate(), Identity.generate()
    door = WorkerDoor("n", node.node_id, node, Endpoint.parse("tcp://127.0.0.1:0"), 1)
    door.keys["crunch"] = worker.node_id
    await door.open()
    place = Endpoint.parse(door.endpoint)
    awaited = asyncio.ensure_future(door.next("crunch"))
    silent = [
        await TcpTransport(Identity.generate()).dial(place, expect=None, timeout=5) for _ in range(GREETED + STRANGERS)
    ]
    stream = await TcpTransport(worker).dial(place, expect=None, timeout=5)
    await WorkerRun("crunch", worker.node_id, node.node_id).greet(stream)
    assert (await awaited).peer.name == "crunch"
    for each in (*silent, stream, (await awaited).stream):
        await each.aclose()
    await door.aclose()
