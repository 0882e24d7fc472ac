"""Step 4: two nodes are processes of their own. One of them is killed in the midst of the work, and nobody notices."""

import asyncio
import subprocess
import sys

from desk import Desk, Translate
from words import Words

from peerbus.actors import LOCAL
from peerbus.node import Node


def start(name: str, desk: str) -> subprocess.Popen[bytes]:
    settings = (f"name={name}", f'peers.persistent=["{desk}"]', "discovery.mdns=false", "admin.enabled=false")
    flags = [word for each in settings for word in ("--set", each)]
    return subprocess.Popen([sys.executable, "-m", "peerbus", "run", "words.toml", "--log-level", "error", *flags])


async def main() -> None:
    node = Node("desk", network="words", listen=["tcp://127.0.0.1:0"], reactors=[Desk], channels=[Words.channel])
    async with node as desk:
        processes = [start(name, desk.endpoints[0]) for name in ("berlin", "vienna")]
        try:
            await desk.wait_for_peers(2, role="words", timeout=30)
            print("two nodes offer words")

            texts = [desk.ask(LOCAL / Desk, Translate("good morning world", "de")) for _ in range(100)]
            processes[0].kill()
            answers = await asyncio.gather(*texts)
            print(f"{len(answers)} texts, and {len(set(answers))} answer: {answers[0]}")
            print(f"peers that are left: {len(desk.peers)}")
        finally:
            for process in processes:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    asyncio.run(main())
