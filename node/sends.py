"""The ways to send of a node: its bus's own, and not calls of them, as these stand on the way of every send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actors.sender import AskMethod, OpenMethod, StreamMethod, TellManyMethod, TellMethod
from .delegated import Delegated

if TYPE_CHECKING:
    from ..actors import Bus

__all__ = ["NodeSends"]


class NodeSends:
    """Base of the node, which has the bus."""

    bus: Bus

    @Delegated
    def tell(self) -> TellMethod:
        """Send without an answer: `await` it to wait for room, and to learn of a failure; in a thread `.get()` it.

        To a role, one of the nodes that offer it; to several, one outcome for each. It takes `timeout` seconds at most,
        else its channel's. Raises any `SendError`. See `Actor.tell`.

        ```python
        await node.tell(Role("archive") / Blocks, Forget(7), timeout=2)
        ```
        """
        return self.bus.tell

    @Delegated
    def tell_many(self) -> TellManyMethod:
        """Send many without an answer, in their order, at a part of the price; see `Actor.tell_many`.

        ```python
        accepted = await node.tell_many(LOCAL / Blocks, [Forget(height) for height in range(100)])
        ```
        """
        return self.bus.tell_many

    @Delegated
    def ask(self) -> AskMethod:
        """Send, and `await` the answer (in a thread `.get()` it): what the message names, or what `reply=` says.

        To a role, one of the nodes that offer it answers; to several, `Results` with an answer or error of each. Within
        `timeout` seconds, else the channel's. Raises RemoteError where the handler raised, DeadlineExceeded,
        MessageTypeError, and any `SendError`. See `Actor.ask`.

        ```python
        block = await node.ask(Role("archive") / Blocks, GetBlock(7), timeout=2)
        results = await node.ask(Role("archive", "all") / Blocks, GetBlock(7), quorum=1)
        ```
        """
        return self.bus.ask

    @Delegated
    def stream(self) -> StreamMethod:
        """Read an answer that comes in items; leaving the loop ends it. See `Actor.stream`.

        ```python
        async for block in node.stream(Role("archive") / Blocks, GetRange(1, 3)):
            print(block.height)
        ```
        """
        return self.bus.stream

    @Delegated
    def open(self) -> OpenMethod:
        """Send items along with a message; see `Actor.open_stream`.

        ```python
        async with node.open(LOCAL / Blocks, Upload("a")) as upload:
            await upload.send(b"some bytes")
        assert await upload.result() == 10
        ```
        """
        return self.bus.open
