"""peerbus over serial lines: `serial:///run/lines` is a folder of them, here of ptys; each carries one stream.

Whoever dials takes a line out of the folder and rings. A length of two bytes stands before each block; TLS, buffers
and all else of a stream are peerbus's.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tty
from collections.abc import Callable
from pathlib import Path

from peerbus.transports import PATH, Endpoint, PipedListener, PipedTransport, Scheme, Scope, TransportKind

LINES = 24  # that are free at a time


class Line:
    """One end of a pty, as a `peerbus.transports.BlockPipe`."""

    def __init__(self, file: int) -> None:
        self.file, self.loop = file, asyncio.get_running_loop()
        os.set_blocking(file, False)

    async def send(self, block: bytes) -> None:
        data = len(block).to_bytes(2, "big") + block
        while data:
            await ready(self.file, self.loop.add_writer, self.loop.remove_writer)
            data = data[os.write(self.file, data) :]

    async def receive(self) -> bytes:
        return await self._read(int.from_bytes(await self._read(2), "big"))

    async def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            await ready(self.file, self.loop.add_reader, self.loop.remove_reader)
            more = os.read(self.file, size - len(data))
            if not more:
                raise OSError("the line was hung up")
            data += more
        return data

    def close(self) -> None:
        os.close(self.file)


async def ready(file: int, add: Callable[..., object], remove: Callable[[int], object]) -> None:
    turn = asyncio.Event()
    add(file, turn.set)
    try:
        await turn.wait()
    finally:
        remove(file)


async def call(place: Endpoint) -> Line:
    """Take a line and ring. Raises OSError where none is free, or nobody is there."""
    for name in os.listdir(place.path):
        with contextlib.suppress(FileNotFoundError):  # another one was quicker
            file = os.readlink(line := f"{place.path}/{name}")
            os.unlink(line)
            called = Line(os.open(file, os.O_RDWR | os.O_NOCTTY))
            os.write(called.file, b"!")
            return called
    raise OSError("no line is free")


class Lines:
    """Those of a listener, in its folder: one that is called is taken out, and another one laid."""

    def __init__(self, place: Endpoint, listener: PipedListener) -> None:
        self.folder, self.listener = Path(place.path), listener
        self.numbers, self.free = itertools.count(), dict[int, int]()
        self.loop = asyncio.get_running_loop()
        self.folder.mkdir(mode=0o700)
        for _ in range(LINES):
            self.lay()

    def lay(self) -> None:
        file, other = os.openpty()
        tty.setraw(other)
        (self.folder / str(next(self.numbers))).symlink_to(os.ttyname(other))
        self.free[file] = other  # kept open until it is called: a pty with no other end is hung up
        self.loop.add_reader(file, self.rings, file)

    def rings(self, file: int) -> None:
        self.loop.remove_reader(file)
        os.read(file, 1)
        os.close(self.free.pop(file))
        self.lay()
        self.listener.called(Line(file))

    def remove(self) -> None:
        for file, other in self.free.items():
            self.loop.remove_reader(file)
            os.close(file)
            os.close(other)
        for line in self.folder.iterdir():
            line.unlink()
        self.folder.rmdir()


#: What is at the end of a line, each end knows alone: nobody is told of it.
SERIAL = Scheme(name="serial", shape=PATH, scope=lambda _: Scope.LINK, told=False)
KIND = TransportKind(
    scheme=SERIAL,
    make=lambda own: PipedTransport(SERIAL, own, call=call, answer=lambda place, hears: Lines(place, hears).remove),
)
