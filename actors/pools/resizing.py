"""What a pool is told of its size."""

from __future__ import annotations

from ..messages import Message, Request
from ..pool_view import PoolView

__all__ = ["ResizePool"]


class ResizePool(Message, Request[PoolView]):
    """Sent to a pool, by its name: have `members` members from now on. RemoteError where it may not have as many.

    No channel declares it: it is for the pool's own node.

    ```python
    async with Bus(reactors=[Pool(Blocks, members=2)]) as bus:
        view = await bus.ask(LOCAL / "blocks", ResizePool(4), reply=PoolView)
    ```
    """

    members: int
