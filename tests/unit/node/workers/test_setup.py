from __future__ import annotations

import msgspec
from crunching import COUNTING, Counter

from peerbus.actors import Channel, Message, Overflow
from peerbus.node.workers.factory_path import FactoryPath
from peerbus.node.workers.setup import WorkerSetup, channel_paths, inside_hello, read_setup, worker_id
from peerbus.transports.wire import Codecs


def test_a_setup_is_read_as_it_was_written() -> None:
    setup = WorkerSetup(
        worker="crunch",
        node="n",
        node_id="ab" * 32,
        worker_id=worker_id("ab" * 32, "crunch"),
        parent_id="ab" * 32,
        incarnation=7,
        reactors=(FactoryPath("crunching:Counter", (), {"start": 3}),),
        channels=channel_paths([Counter.channel]),
        shutdown_timeout=5.0,
        slow_handler=None,
        level=20,
    )
    assert read_setup(msgspec.msgpack.encode(setup)) == setup


def test_a_channel_is_made_anew_of_its_messages_with_its_bounds_and_the_same_hash() -> None:
    channel = Channel(
        "counter",
        messages=COUNTING,
        priority=9,
        window=7,
        timeout=2.5,
        overflow=Overflow.REJECT,
        idempotent=COUNTING[:1],
    )
    (path,) = channel_paths([channel])
    again = path.load()
    assert (again.priority, again.window, again.timeout, again.overflow) == (9, 7, 2.5, Overflow.REJECT)
    assert again.idempotent == frozenset(COUNTING[:1])
    one, two = (Codecs({"counter": each}).get("counter") for each in (channel, again))
    assert one is not None
    assert two is not None
    assert one.schema == two.schema


def test_channels_that_stay_here_or_whose_messages_nobody_else_finds_are_left_out() -> None:
    class Inner(Message):
        number: int

    found = channel_paths([Channel("here", messages=COUNTING, local=True), Channel("inner", messages=(Inner,))])
    assert found == ()


def test_workers_of_one_node_have_ids_of_their_own_and_say_hello_in_a_network_of_their_own() -> None:
    one, two = worker_id("ab" * 32, "one"), worker_id("ab" * 32, "two")
    assert one != two
    hello = inside_hello(one, "one", 3, bytes(16))
    assert (hello.node_id, hello.network, hello.channels) == (one, "peerbus.inside", ())
