"""Names of real DNS, in a network and mount namespace with a resolver of its own: many places, and a dead server."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_resolver import inside

CLUSTER = """
import asyncio, contextlib, sys
from name_server import name_server
from peerbus.node import Node

async def main(kind):
    with name_server("127.0.0.1", 53) as server:
        # The first is of nobody, the second of another network, and each node finds itself on the way.
        server.names["cluster.test"] = ["127.0.0.9", "127.0.0.8", "127.0.0.1", "127.0.0.2"]
        async with contextlib.AsyncExitStack() as stack:
            async def start(name, host, network="demo", **more):
                node = Node(name, network=network, listen=[f"tcp://{host}:7400"], **more)
                return await stack.enter_async_context(node)
            await start("stranger", "127.0.0.8", "other")
            nodes = [await start(f"n{n}", f"127.0.0.{n}", **{kind: ["tcp://cluster.test:7400"]}) for n in (1, 2)]
            while not all(node.peers for node in nodes):
                await asyncio.sleep(0.01)
            # A node that comes later, at an address that the name did not have.
            server.names["cluster.test"] = ["127.0.0.3", "127.0.0.2"]
            late = await start("late", "127.0.0.3", **{kind: ["tcp://cluster.test:7400"]})
            while not late.peers:
                await asyncio.sleep(0.01)
    print("met", flush=True)

asyncio.run(main(sys.argv[1]))
"""

DEAD = """
import signal, subprocess, sys, tempfile, threading, pathlib
from name_server import name_server

with name_server("127.0.0.1", 53) as server, tempfile.TemporaryDirectory() as folder:
    dead = [f"dead{n}.test" for n in range(12)]
    server.silent.update(dead)
    server.names["good.test"] = ["127.0.0.1"]
    def run(name, port, peers):
        path = pathlib.Path(folder, f"{name}.toml")
        listed = ", ".join(f'"tcp://{peer}:7401"' for peer in peers)
        path.write_text(f'name = "{name}"\\nnetwork = "demo"\\nlisten = ["tcp://127.0.0.1:{port}"]\\n'
                        f'[discovery]\\nmdns = false\\n[peers]\\npersistent = [{listed}]\\n')
        return subprocess.Popen([sys.executable, "-m", "peerbus", "run", str(path)], stderr=subprocess.PIPE, text=True)
    good, node = run("good", 7401, []), run("node", 7400, [*dead, "good.test"])
    for line in node.stderr:
        if "connected" in line and "good" in line:
            break
    print("connected", flush=True)
    for process in (node, good):
        threading.Thread(target=process.stderr.read).start()
        process.send_signal(signal.SIGTERM)
        print(process.wait(timeout=60), flush=True)
"""


@pytest.mark.parametrize("kind", ["peers", "seeds"])
def test_nodes_that_share_one_name_of_all_of_them_meet(kind: str, tmp_path: Path) -> None:
    assert inside(CLUSTER, kind, folder=tmp_path) == "met\n"


def test_dead_names_delay_neither_a_good_one_nor_the_end_of_the_node(tmp_path: Path) -> None:
    assert inside(DEAD, folder=tmp_path) == "connected\n0\n0\n"
