"""A message that carries a destination, and functions that block, as type checkers see them."""

from __future__ import annotations

from typing import assert_type

from peerbus.actors import LOCAL, Address, Channel, Destination, Message, Peer, Reactor, Ref, Role, handles


class Block(Message):
    height: int


class Other(Message):
    text: str


class Follow(Message):
    height: int
    to: Destination[Block]


class Move(Message):
    to: Address[Block] | None = None


class Inbox(Reactor):
    channel = Channel("inbox", messages=(Block,))

    @handles(Block)
    def take(self, block: Block) -> None: ...


class Elsewhere(Reactor):
    channel = Channel("elsewhere", messages=(Other,))

    @handles(Other)
    def take(self, other: Other) -> None: ...


def digest(data: bytes, *, rounds: int = 1) -> str:
    return data.hex() * rounds


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Follow, Move))

    @handles(Follow)
    async def follow(self, request: Follow) -> None:
        await self.tell(request.to, Block(request.height))
        await self.tell(request.to, Other("no"))  # E
        assert_type(await self.run_blocking(digest, b"x", rounds=2), str)
        await self.run_blocking(digest, "x")  # E
        await self.run_blocking(digest, b"x", round=2)  # E

    @handles(Move)
    async def move(self, move: Move) -> None:
        if move.to is not None:
            await self.tell(move.to, Block(1))
            await self.tell(move.to, Other("no"))  # E


async def sends(inbox: Ref[Inbox]) -> None:
    Follow(1, LOCAL / Inbox)
    Follow(1, Peer("ab" * 32) / Inbox)
    Follow(1, inbox)
    Follow(1, LOCAL / "inbox")
    Follow(1, LOCAL / Elsewhere)  # E
    Follow(1, Role("archive", "all") / Inbox)  # E
    Follow(1, "bus://local/inbox")  # E
    Move(LOCAL / Inbox)
    Move(inbox)  # E
