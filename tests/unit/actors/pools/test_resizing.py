"""The lever of a pool, as a message."""

from __future__ import annotations

from functools import partial

import pytest

from peerbus.actors import LOCAL, Actor, Bus, MessageTypeError, Pool, PoolView, RemoteError, ResizePool, handles


class Plain(Actor):
    @handles(int)
    def double(self, number: int) -> int:
        return 2 * number


def test_plain_code_on_a_thread_and_other_actors_pull_it() -> None:
    class Operator(Actor):
        @handles(int)
        async def pull(self, members: int) -> int:
            return (await self.ask(LOCAL / "doubles", ResizePool(members))).size

    with Bus() as bus:
        bus.spawn(partial(Pool(Plain, members=1)), name="doubles")
        view = bus.ask(LOCAL / "doubles", ResizePool(3)).get(timeout=5)
        assert isinstance(view, PoolView)
        assert (view.size, len(view.members)) == (3, 3)
        assert bus.ask(bus.spawn(Operator), 2).get(timeout=5) == 2
        bus.tell(LOCAL / "doubles", ResizePool(4)).get(timeout=5)
        assert bus.ask(LOCAL / "doubles", ResizePool(4)).get(timeout=5).size == 4
        with pytest.raises(RemoteError, match="not 0"):
            bus.ask(LOCAL / "doubles", ResizePool(0)).get(timeout=5)
        bus.spawn(Plain, name="plain")
        with pytest.raises(MessageTypeError, match="no handler of a ResizePool"):
            bus.ask(LOCAL / "plain", ResizePool(2)).get(timeout=5)
