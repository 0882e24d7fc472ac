"""What only the garbage collector can free: objects that keep each other in a circle."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Awaitable, Callable

from virtual_time import eventually

from peerbus.actors.engine.life import Life

__all__ = ["garbage_of", "in_a_thread", "turns"]

#: Turns of the loop after which what was about to end has ended.
TURNS = 20


async def turns() -> None:
    """Let everything run that is ready, without time passing."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def garbage_of(scenario: Callable[[], Awaitable[object]]) -> dict[str, int]:
    """Run it, and count by type what is left that nothing refers to and reference counting has not freed.

    It runs twice, as the first time fills caches, and imports. Actors' cells count too that something
    refers to yet: a circle that leads through a message on its way is one that the collector does not see.
    """
    gc.freeze()  # what is there by now is not looked at: it saves the most of the time
    gc.disable()
    try:
        await scenario()
        await turns()
        gc.collect()
        await scenario()
        await turns()
        gc.set_debug(gc.DEBUG_SAVEALL)  # what is found is kept, to be looked at
        gc.collect()
        left = [*gc.garbage, *(each for each in gc.get_objects() if isinstance(each, Life))]
        return dict(Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in left))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.unfreeze()


async def in_a_thread(work: Callable[[], object]) -> None:
    """Run plain code on a thread of its own while the loop goes on. Raises nothing: `work` has to see to its errors.

    Not `asyncio.to_thread`, whose futures and work items are garbage of their own.
    """
    thread = threading.Thread(target=work, name="plain code")
    thread.start()
    await eventually(lambda: not thread.is_alive())
    thread.join()
