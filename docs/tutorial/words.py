"""Step 1: one reactor. It owns a dictionary, and answers who asks for a word."""

import asyncio
from functools import partial

from peerbus.actors import LOCAL, Channel, Message, Reactor, RemoteError, Request, handles
from peerbus.node import Node

DICTIONARIES = {
    "de": {"good": "gut", "morning": "Morgen", "world": "Welt"},
    "fr": {"good": "bon", "morning": "matin", "world": "monde"},
}


class Lookup(Message, Request[str]):
    """Answered with the word in the language of the dictionary."""

    word: str


class Words(Reactor):
    channel = Channel("words", messages=(Lookup,), idempotent=(Lookup,))

    def __init__(self, language: str) -> None:
        super().__init__()
        self.known = DICTIONARIES[language]

    @handles(Lookup)
    def look_up(self, wanted: Lookup) -> str:
        if wanted.word not in self.known:
            raise RemoteError("unknown_word", wanted.word)
        return self.known[wanted.word]


async def main() -> None:
    async with Node("berlin", reactors=[partial(Words, "de")]) as node:
        print(await node.ask(LOCAL / Words, Lookup("world")))
        try:
            await node.ask(LOCAL / Words, Lookup("teapot"), timeout=1)
        except RemoteError as refused:
            print("refused:", refused)


if __name__ == "__main__":
    asyncio.run(main())
