from __future__ import annotations

import os

from crunching import Add, Pid, Threaded, Total
from inside_pairs import until

from peerbus.actors import LOCAL, MemberView, Pool
from peerbus.node import Node


async def test_tells_to_a_member_with_a_thread_in_its_process_are_known_to_be_handled() -> None:
    async with Node("pooled", reactors=[Pool(Threaded, processes=1)]) as node:
        for number in range(20):
            await node.tell(LOCAL / Threaded, Add(number))

        def members() -> tuple[MemberView, ...]:
            return node.bus.actors.pools["threaded"]().members

        await until(lambda: not any(each.at_work or each.queued for each in members()))
        assert await node.ask(LOCAL / Threaded, Total()) == sum(range(20))
        assert await node.ask(LOCAL / Threaded, Pid()) == members()[0].pid != os.getpid()
