"""A replica: it answers with what it has, and keeps what is newer. It knows nothing of the others."""

from __future__ import annotations

from pathlib import Path

from peerbus.actors import Channel, Reactor, handles

from .messages import Entry, Read, Version, Write
from .store import Store

#: The role that replicas offer.
REPLICA = "replica"


class Replica(Reactor):
    """`path`: where it remembers; None: in memory."""

    # Both may be done twice: a read changes nothing, and of a write only the first time does.
    channel = Channel("replica", messages=(Read, Write), idempotent=(Read, Write), max_message=512 * 1024)

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._store = Store(path)

    def on_stop(self) -> None:
        self._store.close()

    @handles(Read)
    def read(self, read: Read) -> Entry | None:
        return self._store.get(read.key)

    @handles(Write)
    async def write(self, write: Write) -> Version:
        # The disk may take its time, and others of the node do not wait for it.
        version = await self.run_blocking(self._store.keep, write.entry)
        if version == write.entry.version:
            self.bus.publish(write.entry)
        return version
