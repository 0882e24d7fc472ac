"""Where workers come in that run elsewhere, as in another container: one place, for those that are awaited there.

A caller is judged before anything it sends is read: over TCP, and wherever the node's configuration names a worker's
key, it has proven that key by TLS; at a Unix socket without one the file's mode and the user of the caller decide.

Tasks: one that accepts (waits for: streams; feeds: the next), and one for each that is being greeted, GREETED at most
and some STRANGERS.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

from ...actors.base import HandshakeFailed, PeerbusError, StreamBroken, StreamClosed, get_logger, new_task
from ...transports.connection import Greeted, greet
from ...transports.streams import (
    Endpoint,
    Identity,
    Listener,
    Stream,
    TcpTransport,
    UnixTransport,
)
from ...transports.wire import Hello
from .cuts import notice_cuts
from .setup import inside_hello, worker_agent

__all__ = ["ElsewhereRuns", "WorkerDoor", "refusal_of"]

log = get_logger("peerbus.workers")

#: Callers that are being greeted at once: more are turned away unheard. Of strangers, whose key is no worker's here,
#: only some are told so; they have places of their own, and take none of a worker's.
GREETED, STRANGERS = 16, 4


class ElsewhereRuns:
    """A worker's process that is elsewhere; `ended` is told once how it ended."""

    def __init__(self, stream: Stream, ended: Callable[[str], None]) -> None:
        self._stream = stream
        self._ended = ended
        #: Its process, as it calls that itself.
        self.pid = 0
        self.over = asyncio.Event()
        #: Where it came from.
        self.where = str(stream.remote)

    def kill(self) -> None:
        """End the connection: without one it ends."""
        self._stream.abort()
        if not self.over.is_set():
            self.over.set()
            self._ended("is not connected any more")


class WorkerDoor:
    """One place. `keys`: of the workers that are awaited there the id of each one's key, empty where any will do.

    `words`: what they are to know of the node, see `inside_hello`.
    """

    def __init__(
        self,
        node: str,
        node_id: str,
        identity: Identity,
        place: Endpoint,
        incarnation: int,
        words: tuple[str, ...] = (),
    ) -> None:
        self._node = node
        self._node_id = node_id
        self._identity = identity
        self._place = place
        self._incarnation = incarnation
        self._words = words
        self.keys: dict[str, str] = {}
        self._awaited: dict[str, asyncio.Future[Greeted]] = {}
        self._listener: Listener | None = None
        self._accepting: asyncio.Task[None] | None = None
        #: Those who greet, and whether it is a stranger.
        self._greeting: dict[asyncio.Task[None], bool] = {}

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return str(self._place if self._listener is None else self._listener.endpoint)

    async def open(self) -> None:
        """Listen. Raises ListenFailed."""
        proven = all(self.keys.values())
        transport = (
            TcpTransport(self._identity)
            if self._place.scheme == "tcp"
            else UnixTransport(self._identity if proven else None, any_user=proven)
        )
        self._listener = await transport.listen(self._place, on_refused=self._refused)
        loop = asyncio.get_running_loop()
        self._accepting = new_task(self._accept(), loop=loop, name=f"peerbus {self._node} workers")
        log.info("workers are awaited", node=self._node, at=self.endpoint, workers=sorted(self.keys))

    async def aclose(self) -> None:
        """Listen no more. Idempotent."""
        tasks = [*self._greeting, *([] if self._accepting is None else [self._accepting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._listener is not None:
            await self._listener.aclose()
            self._listener = None

    async def next(self, name: str) -> Greeted:
        """The worker of that name, when it comes."""
        future: asyncio.Future[Greeted] = asyncio.get_running_loop().create_future()
        self._awaited[name] = future
        try:
            return await future
        finally:
            self._awaited.pop(name, None)

    def _refused(self, source: Endpoint | None, error: Exception) -> None:
        log.warning("no worker was let in", node=self._node, source=str(source or ""), why=str(error))

    async def _accept(self) -> None:
        assert self._listener is not None
        loop = asyncio.get_running_loop()
        while True:
            try:
                stream = await self._listener.accept()
            except StreamClosed:
                return
            strange = is_strange(stream.peer_id, self.keys)
            if sum(each is strange for each in self._greeting.values()) >= (STRANGERS if strange else GREETED):
                stream.abort()
                continue
            task = new_task(self._greet(stream), loop=loop, name="peerbus greets a worker")
            self._greeting[task] = strange
            task.add_done_callback(self._greeting.pop)

    async def _greet(self, stream: Stream) -> None:
        notice_cuts(stream)
        said: list[Hello] = []

        def judge(hello: Hello) -> tuple[str, str] | None:
            said.append(hello)
            future = self._awaited.get(hello.name)
            taken = future is None or future.done()
            return refusal_of(hello, stream.peer_id, self.keys, taken=taken)

        own = inside_hello(self._node_id, self._node, self._incarnation, os.urandom(16), more=self._words)
        try:
            greeted = await greet(stream, own, judge, dialed=False)
        except (HandshakeFailed, PeerbusError, StreamBroken) as error:
            name = said[0].name if said else ""
            log.warning("no worker was let in", node=self._node, worker=name, source=str(stream.remote), why=str(error))
            return
        future = self._awaited.get(greeted.peer.name)
        if future is None or future.done():  # another one was quicker
            stream.abort()
            return
        future.set_result(replace(greeted, inside=True))


def is_strange(proven: str | None, keys: dict[str, str]) -> bool:
    """Whether each worker has a key, and this is none of them."""
    return all(keys.values()) and proven not in keys.values()


def refusal_of(hello: Hello, proven: str | None, keys: dict[str, str], *, taken: bool) -> tuple[str, str] | None:
    """Why this caller is not let in; None where it is. `keys`: see `WorkerDoor`; `proven`: the id of its key."""
    name = hello.name
    has = "none was shown" if proven is None else f"it has {proven}"
    another = "node_id", f"the node's configuration names another key for worker {name!r}: {has}"
    if is_strange(proven, keys):
        return another  # before a word of which names there are
    if name not in keys:
        return "name", f"no worker {name!r} is awaited here, but {', '.join(map(repr, sorted(keys)))}"
    if keys[name] and proven != keys[name]:
        return another
    if hello.agent != worker_agent():
        return "version", f"the node runs {worker_agent()}, and the worker {hello.agent}: install the same"
    return ("connected", f"a worker {name!r} is connected already") if taken else None
