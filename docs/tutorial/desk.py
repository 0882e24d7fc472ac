"""Step 2: a second reactor, which asks the first one, several words at a time."""

import asyncio
from functools import partial

from words import Lookup, Words

from peerbus.actors import LOCAL, Channel, Message, Reactor, RemoteError, Request, Role, handles
from peerbus.node import Node


class Translate(Message, Request[str]):
    text: str
    to: str


class Desk(Reactor):
    channel = Channel("desk", messages=(Translate,))

    @handles(Translate, reentrant=True)  # the next text is begun while this one waits for its words
    async def translate(self, wanted: Translate) -> str:
        asks = (self.word(word, wanted.to) for word in wanted.text.split())
        return " ".join(await asyncio.gather(*asks))

    async def word(self, word: str, to: str) -> str:
        try:
            return await self.ask(Role("words", where=f"lang={to}") / Words, Lookup(word))
        except RemoteError:
            return f"[{word}]"


async def main() -> None:
    async with Node("alone", offers={"words{lang=de}"}, reactors=[partial(Words, "de"), Desk]) as node:
        print(await node.ask(LOCAL / Desk, Translate("good morning world", "de")))
        print(await node.ask(LOCAL / Desk, Translate("good teapot", "de")))


if __name__ == "__main__":
    asyncio.run(main())
