from __future__ import annotations

import pytest
from crunching import Add, Counter
from inside_pairs import inside_scene, until

from peerbus.actors import LOCAL, DeadlineExceeded
from peerbus.actors.router import LinkUp
from peerbus.node.workers.standing_link import standing_link


async def test_what_is_sent_waits_in_it_until_its_deadline() -> None:
    async with inside_scene() as scene:
        await scene.add(Counter)
        standing = standing_link(scene.node, scene.node_codecs, scene.ends[0].way)
        assert (standing.inside, list(standing.reactors), standing.called) == (True, ["counter"], "worker w0")
        scene.node.tell_router(LinkUp(standing, order=2))
        await until(lambda: scene.node.routes.inside["counter"] is standing)
        with pytest.raises(DeadlineExceeded) as late:
            await scene.node.ask(LOCAL / Counter, Add(1), timeout=0.05)
        assert late.value.phase == "credit"
        scene.node.books.close(standing.lanes)
