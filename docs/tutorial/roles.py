"""Step 3: four nodes and a role. Whoever answers is found by what it offers."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from desk import Desk, Translate
from words import Lookup, Words

from peerbus.actors import LOCAL, NoRoute, RemoteError, Role
from peerbus.node import Node


async def main() -> None:
    async with AsyncExitStack() as stack:
        desk = Node("desk", network="words", listen=["tcp://127.0.0.1:0"], reactors=[Desk], channels=[Words.channel])
        await stack.enter_async_context(desk)
        names: dict[str, str] = {}
        for name, language in (("berlin", "de"), ("vienna", "de"), ("paris", "fr")):
            offers, reactors = {f"words{{lang={language}}}"}, [partial(Words, language)]
            node = Node(name, network="words", peers=desk.endpoints, offers=offers, reactors=reactors)
            await stack.enter_async_context(node)
            names[node.node_id] = name
        await desk.wait_for_peers(3, role="words")

        print("one of those who know French:", await desk.ask(LOCAL / Desk, Translate("good morning", "fr")))

        everybody = await desk.ask(Role("words", "all") / Words, Lookup("world"))
        print("everybody:", sorted((names[peer], word) for peer, word in everybody.answers.items()))

        two = await desk.ask(Role("words", "all", where="lang=de") / Words, Lookup("good"), quorum=2)
        print("two who agree:", set(two.answers.values()))

        try:
            await desk.ask(Role("words", where="lang=it") / Words, Lookup("world"))
        except NoRoute:
            print("nobody knows Italian")
        unknown = await desk.ask(Role("words", "all") / Words, Lookup("teapot"))
        print("who does not know a teapot:", sum(isinstance(each, RemoteError) for each in unknown.errors.values()))


if __name__ == "__main__":
    asyncio.run(main())
