"""Two ways to call what blocks: a library with a connection of its own thread, and a function now and then."""

import asyncio
import hashlib
import sqlite3
import threading
from pathlib import Path

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, Request, check_cancelled, handles


class Save(Message, Request[int]):
    """Answered with how many there are."""

    name: str


class Store(Reactor):
    """All of it blocks, and its connection may be used by one thread only: so it has a thread."""

    channel = Channel("store", messages=(Save,))
    dispatcher = "thread"

    def on_start(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("create table names (name text)")

    @handles(Save)
    def save(self, save: Save) -> int:
        self.db.execute("insert into names values (?)", (save.name,))
        self.db.commit()
        (count,) = self.db.execute("select count(*) from names").fetchone()
        return int(count)

    def on_stop(self) -> None:
        self.db.close()


class Digest(Message, Request[str]):
    path: str


class Files(Reactor):
    """It blocks now and then, and may do several at a time: so it borrows threads of the node."""

    channel = Channel("files", messages=(Digest,), timeout=30)

    @handles(Digest, reentrant=True)
    async def digest(self, wanted: Digest) -> str:
        return await self.run_blocking(sha256, Path(wanted.path))


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            check_cancelled()  # raises where nobody waits for this any more
            digest.update(block)
    print("hashed on the event loop's thread:", threading.current_thread() is threading.main_thread())
    return digest.hexdigest()


async def main() -> None:
    async with Bus(reactors=[Store, Files]) as bus:
        saved = asyncio.gather(*(bus.ask(LOCAL / Store, Save(name)) for name in ("Ada", "Grace")))
        print("file:", (await bus.ask(LOCAL / Files, Digest(__file__)))[:0] + "hashed")
        print("saved:", await saved)


if __name__ == "__main__":
    asyncio.run(main())
