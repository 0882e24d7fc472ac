"""Step 2, once more: the same two reactors on two nodes. Neither of them changes."""

import asyncio
from functools import partial

from desk import Desk, Translate
from words import Words

from peerbus.actors import LOCAL
from peerbus.node import Node


async def main() -> None:
    desk = Node("desk", network="words", listen=["tcp://127.0.0.1:0"], reactors=[Desk], channels=[Words.channel])
    async with desk:
        berlin = Node(
            "berlin",
            network="words",
            peers=desk.endpoints,
            offers={"words{lang=de}"},
            reactors=[partial(Words, "de")],
        )
        async with berlin:
            await desk.wait_for_peers(role="words")
            print(await desk.ask(LOCAL / Desk, Translate("good morning", "de")))
            (peer,) = desk.snapshot().connections.values()
            print(f"{desk.name} sees {peer.name}, encrypted: {peer.secure}")


if __name__ == "__main__":
    asyncio.run(main())
