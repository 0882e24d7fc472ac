from __future__ import annotations

import logging

import pytest
from crunching import Apart, Broken, Pid, Say
from inside_pairs import until

from peerbus.actors import LOCAL, PeerbusError
from peerbus.node import Node, Worker, WorkerEnded


async def test_what_a_worker_says_of_itself_is_the_nodes_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with Node("n", reactors=[Apart]) as node:
        await node.tell(LOCAL / Apart, Say("from afar"))
        await until(lambda: "from afar worker=apart" in caplog.text)
        await until(lambda: node.workers()[0].memory > 0)
        view = node.snapshot().workers[0]
        assert (view.name, view.state, view.reactors, view.begun) == ("apart", "running", ("apart",), 1)
        assert view.pid == await node.ask(LOCAL / Apart, Pid(), timeout=5)
        workers = node._workers
        with pytest.raises(PeerbusError, match="it has apart"):
            workers.place("other")


async def test_a_worker_whose_reactor_cannot_start_keeps_the_node_from_starting_and_says_where(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(WorkerEnded, match="there is no disk"):
        async with Node("n", processes={"crunch": Worker([Broken])}):
            raise AssertionError("it has started")
    (line,) = [record for record in caplog.records if record.getMessage() == "worker cannot start worker=crunch"]
    assert line.exc_text is not None
    assert 'crunching.py", line' in line.exc_text
