"""Workers that run elsewhere than their node: `peerbus worker`, over a Unix socket, over TCP, and on another host."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import pytest
from crunching import Add, Counter, Pid, Read, Second, Send, Total, Wait
from far_workers import TESTS, far_worker
from hosts import hosts_of
from inside_pairs import until

from peerbus.actors import LOCAL, PeerGone
from peerbus.node import Node, Worker
from peerbus.node.process import GUARDS
from peerbus.transports.streams import Identity

COUNTER = LOCAL / Counter


async def test_it_comes_before_or_after_its_node_is_killed_and_told_to_stop(tmp_path: Path) -> None:
    where = f"unix://{tmp_path}/w.sock"

    def node() -> Node:
        return Node("n", reactors=[Second], processes={"crunch": Worker([Counter], listen=where)})

    with far_worker(tmp_path / "w.toml", f'name = "crunch"\nnode = "{where}"\n') as worker:
        await until(lambda: "worker waits for its node" in worker.said)
        async with node() as one:
            # What is sent before it has come waits for it.
            first = await one.ask(COUNTER, Pid(), timeout=20)
            assert first != os.getpid()
            view = one.workers()[0]
            assert (view.state, view.reactors, view.begun, view.at) == ("running", ("counter",), 1, where)
            assert await one.ask(COUNTER, Read(str(LOCAL / Second), 2000, 10), timeout=20) == "28000"
            assert await one.ask(LOCAL / Second, Send(str(COUNTER), 2000, 10), timeout=20) == "28000"
            # It is killed while it works, and begins anew; what is sent meanwhile waits.
            waits = asyncio.ensure_future(one.ask(COUNTER, Wait(30.0), timeout=60))
            await one.ask(COUNTER, Add(1), timeout=5)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(PeerGone, match="worker crunch ended"):
                await waits
            second = await one.ask(COUNTER, Pid(), timeout=20)
            assert second != first
            assert await one.ask(COUNTER, Total(), timeout=5) == 0, "it is a new one"
        async with node() as other:  # the node was started anew
            assert await other.ask(COUNTER, Add(5), timeout=20) == 5
            # It is told to stop: what is under way is done, and what is sent meanwhile waits for the next one.
            waits = asyncio.ensure_future(other.ask(COUNTER, Wait(0.3), timeout=20))
            await other.ask(COUNTER, Pid(), timeout=5)
            worker.tell(signal.SIGTERM)
            await until(lambda: other._workers.place("crunch").connection is None or waits.done())
            assert await waits == "waited"
            assert await asyncio.to_thread(worker.wait) == 0
            late = asyncio.ensure_future(other.ask(COUNTER, Add(7), timeout=20))
            with far_worker(tmp_path / "next.toml", f'name = "crunch"\nnode = "{where}"\n'):
                assert await late == 7


async def test_a_key_that_the_node_does_not_name_is_refused_and_both_say_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    own, right, wrong = Identity.generate(), Identity.generate(), Identity.generate()
    for name, key in (("right", right), ("wrong", wrong)):
        key.save(tmp_path / f"{name}.key")
    worker = Worker([Counter], listen="tcp://127.0.0.1:0", worker_id=right.node_id)
    async with Node("n", identity=own, processes={"crunch": worker}) as node:
        place = next(iter(node._workers._doors.values())).endpoint
        text = f'name = "crunch"\nnode = "{place}"\n'
        with far_worker(tmp_path / "wrong.toml", f'{text}identity = "wrong.key"\n') as stranger:
            await until(lambda: "the node's configuration names another key" in stranger.said)
            assert wrong.node_id[:12] in stranger.said
            await until(lambda: "no worker was let in" in caplog.text)
            assert node.workers()[0].state == "waiting"
        another = place.replace(own.node_id, wrong.node_id)
        with far_worker(tmp_path / "far.toml", f'{text.replace(place, another)}identity = "right.key"\n') as lost:
            await until(lambda: "answered" in lost.said)
        with far_worker(tmp_path / "right.toml", f'{text}identity = "right.key"\n'):
            assert await node.ask(COUNTER, Add(3), timeout=20) == 3


def process_files(pid: object, *names: str) -> list[str]:
    return [Path(f"/proc/{pid}/{name}").read_text() for name in names]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc, and what --harden gives up there")
async def test_a_hardened_one_has_given_up_files_for_others_core_dumps_and_new_privileges(tmp_path: Path) -> None:
    where, config = f"unix://{tmp_path}/w.sock", tmp_path / "w.toml"
    async with Node("n", processes={"crunch": Worker([Counter], listen=where)}) as node:
        with far_worker(config, f'name = "crunch"\nnode = "{where}"\n', flags=["--harden"]) as worker:
            pid = await node.ask(COUNTER, Pid(), timeout=20)
            assert worker.said.count(" measure=") == len(GUARDS)
            status, limits = await asyncio.to_thread(process_files, pid, "status", "limits")
    assert "NoNewPrivs:\t1" in status
    assert "Umask:\t0077" in status
    assert next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")) == ["0", "0"]


@pytest.mark.timeout(120)
async def test_on_another_host_it_is_a_process_of_the_node_and_a_cut_network_is_noticed(tmp_path: Path) -> None:
    own, key = Identity.generate(), Identity.generate()
    key.save(tmp_path / "w.key")
    own.save(tmp_path / "n.key")
    with hosts_of(2) as hosts:
        place = f"tcp://{own.node_id}@{hosts.address(1)}:7450"
        node_file = tmp_path / "n.toml"
        node_file.write_text(
            f'name = "n"\nnetwork = "far"\nidentity = "n.key"\n[discovery]\nmdns = false\n[admin]\nat = "a.sock"\n'
            f'[processes.crunch]\nreactors = ["crunching:Counter"]\n'
            f'listen = "tcp://{hosts.address(1)}:7450"\nworker_id = "{key.node_id}"\n'
        )
        environment = ("env", f"PYTHONPATH={TESTS}")

        command = (sys.executable, "-m", "peerbus")
        node = hosts.start(1, (*environment, *command, "run", str(node_file)))
        text = f'name = "crunch"\nnode = "{place}"\nidentity = "w.key"\n'

        async def ask(words: str) -> tuple[int, str]:
            made = await asyncio.create_subprocess_exec(
                *command, "ask", "--node", str(tmp_path / "a.sock"), "--timeout", "25", "bus://local/counter",
                *words.split(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(TESTS)},
            )  # fmt: skip
            out, _ = await made.communicate()
            return made.returncode or 0, out.decode().strip()

        async def asked(words: str) -> str:
            status, out = 1, ""
            async with asyncio.timeout(60):
                while status:
                    status, out = await ask(words)
            return out

        on = ("ip", "netns", "exec", hosts.name(2))
        with far_worker(tmp_path / "w.toml", text, on=on) as worker:
            first = await asked("Pid {}")
            await until(lambda: "worker is connected" in worker.said)
            hosts.cut(2)
            status, out = await ask('Add {"number":1}')
            assert status, out
            hosts.heal(2)
            assert await asked("Pid {}") != first, "both have noticed"
        # Its container is killed, and another one started.
        with far_worker(tmp_path / "w2.toml", text, on=on):
            assert await asked("Pid {}") != first
        node.terminate()
        node.communicate(timeout=30)
