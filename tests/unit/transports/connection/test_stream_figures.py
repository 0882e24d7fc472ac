from __future__ import annotations

from inside_pairs import until
from pool_jobs import Jobs, Steps

from peerbus.actors import Peer
from peerbus.node import Node


async def test_the_streams_of_a_connection_are_told_by_both_ends_while_they_are_open() -> None:
    async with (
        Node("server", reactors=[Jobs], listen=["tcp://127.0.0.1:0"]) as server,
        Node("reader", peers=[*server.endpoints], channels=[Jobs.channel]) as reader,
    ):
        await until(lambda: bool(reader.peers))
        stream = reader.stream(Peer(server.node_id) / Jobs, Steps(100_000))
        assert await anext(stream) == 0

        def seen(node: Node) -> tuple[int, int, int]:
            (connection,) = node.snapshot().connections.values()
            figures = connection.streams["jobs"]
            return figures.served, figures.asked, figures.standing

        await until(lambda: seen(server) == (1, 0, 1))
        assert seen(reader) == (0, 1, 0)
        (there,) = reader.snapshot().connections.values()
        (here,) = server.snapshot().connections.values()
        assert 0 < there.streams["jobs"].unread <= here.streams["jobs"].items
        assert server.snapshot().streams["jobs"].standing == 1
        assert reader.snapshot().streams["jobs"].reading == 1
        await stream.aclose()
        await until(lambda: not next(iter(server.snapshot().connections.values())).streams)
        assert server.snapshot().streams["jobs"].standing == 0
