"""peerbus over serial lines: `serial:///run/lines` is a folder of them, here of ptys; each carries one stream.

A dial takes a line out of the folder and rings. A length of two bytes stands before each block; TLS, buffers and all
else of a stream are peerbus's.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tty
from collections.abc import Callable
from pathlib import Path

from peerbus.actors import DialFailed, ListenFailed
from peerbus.transports import (
    PATH,
    Endpoint,
    PipedListener,
    PipedStreams,
    Scheme,
    Scope,
    Stream,
    TransportKind,
    expected_peer,
)

LINES = 24  # that are free at a time


class Line:
    """One end of a pty, as a `peerbus.transports.BlockPipe`."""

    def __init__(self, file: int) -> None:
        self.file, self.loop = file, asyncio.get_running_loop()
        os.set_blocking(file, False)

    async def send(self, block: bytes) -> None:
        data = len(block).to_bytes(2, "big") + block
        while data:
            await _ready(self.file, self.loop.add_writer, self.loop.remove_writer)
            data = data[os.write(self.file, data) :]

    async def receive(self) -> bytes:
        return await self._read(int.from_bytes(await self._read(2), "big"))

    async def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            await _ready(self.file, self.loop.add_reader, self.loop.remove_reader)
            more = os.read(self.file, size - len(data))
            if not more:
                raise OSError("the line was hung up")
            data += more
        return data

    def close(self) -> None:
        os.close(self.file)


async def _ready(file: int, add: Callable[..., object], remove: Callable[[int], object]) -> None:
    turn = asyncio.Event()
    add(file, turn.set)
    try:
        await turn.wait()
    finally:
        remove(file)


class Lines:
    """Those of a listener, in its folder: one that is called is taken out, and another one laid."""

    def __init__(self, path: str) -> None:
        self.folder, self.loop = Path(path), asyncio.get_running_loop()
        self.numbers, self.free = itertools.count(), dict[int, int]()
        self.folder.mkdir(mode=0o700)

    def lay(self, called: Callable[[Line], None]) -> None:
        file, other = os.openpty()
        tty.setraw(other)
        (self.folder / str(next(self.numbers))).symlink_to(os.ttyname(other))
        self.free[file] = other  # kept open until it is called: a pty with no other end is hung up
        self.loop.add_reader(file, self._rings, file, called)

    def _rings(self, file: int, called: Callable[[Line], None]) -> None:
        self.loop.remove_reader(file)
        os.read(file, 1)
        os.close(self.free.pop(file))
        self.lay(called)
        called(Line(file))

    def remove(self) -> None:
        for file, other in self.free.items():
            self.loop.remove_reader(file)
            os.close(file)
            os.close(other)
        for line in self.folder.iterdir():
            line.unlink()
        self.folder.rmdir()


def call(path: str) -> Line:
    """Take a line and ring. Raises OSError where none is free, or nobody is there."""
    for line in Path(path).iterdir():
        with contextlib.suppress(FileNotFoundError):  # another one was quicker
            file = os.readlink(line)
            line.unlink()
            called = Line(os.open(file, os.O_RDWR | os.O_NOCTTY))
            os.write(called.file, b"!")
            return called
    raise OSError("no line is free")


class SerialTransport:
    """As `peerbus.transports.Transport`."""

    schemes = ("serial",)

    def __init__(self, streams: PipedStreams) -> None:
        self._streams = streams

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> Stream:
        wanted, place = expected_peer(self, endpoint, expect), endpoint.without_peer()
        try:
            async with asyncio.timeout(timeout):
                return await self._streams.open(call(place.path), place, place, dialed=True, expect=wanted)
        except (OSError, TimeoutError) as error:
            raise DialFailed(f"{endpoint}: {error or 'no answer in time'}") from error

    async def listen(
        self, endpoint: Endpoint, *, on_refused: Callable[[Endpoint | None, Exception], None] | None = None
    ) -> PipedListener:
        expected_peer(self, endpoint, None)
        try:
            lines = Lines(endpoint.path)
            listener = PipedListener(self._streams, endpoint, on_refused=on_refused, on_close=lines.remove)
            for _ in range(LINES):
                lines.lay(listener.called)
        except OSError as error:
            raise ListenFailed(f"{endpoint}: {error}") from error
        return listener


#: What is at the end of a line, each end knows alone: nobody is told of it.
SERIAL = Scheme(name="serial", shape=PATH, scope=lambda _: Scope.LINK, told=False)
KIND = TransportKind(scheme=SERIAL, make=lambda options: SerialTransport(PipedStreams(options)))
