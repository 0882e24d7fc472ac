"""Finds nodes by the files of a folder, and puts one of this node there: `folder:///srv/nodes?every=2&write=no`.

The folder is looked at every few seconds: notices of the kernel come neither from other machines that share a volume,
nor for what a ConfigMap's links point to. Task: one (waits for: the time of the next look; feeds: `on_found`).
"""

# Law 1. A file is written beside and put in its place at once, so that nobody reads half of one; what cannot be read is
#        as it was when it could, until it is gone: others may write less carefully.
# Law 2. What this node writes is good for some minutes, and is written again before: a node that died is forgotten.
#        It is written again at once where it is gone, as its folder was, and soon where it could not be written.
# Law 3. The disk may be far away: every look is a daemon thread's, which nobody waits for longer than for the next one.
# Law 4. Files, their size, and endpoints of each are bounded.
# Law 5. Whoever puts many files there hides nobody else's: users of the machine have shares of what is read, and of
#        what is dialed first.

from __future__ import annotations

import asyncio
import bisect
import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from ...actors.base import get_logger, new_task, opened_file, wall_clock
from ...transports.streams import Endpoint
from ..facts import Candidate, FinderKind, MakeFinder
from .node_file import MAX_FILE, NodeEntry, read_node, write_node

__all__ = ["KIND", "FolderFinder"]

log = get_logger("peerbus.discovery")

T = TypeVar("T")
#: Seconds between two looks.
EVERY: Final = 2.0
#: Seconds for which a file of this node is good, and after which it is written anew.
LIFETIME, RENEW = (600.0, 200.0)
#: Seconds until it is written again where it could not be.
AGAIN: Final = 10.0
#: Seconds for which the start waits for a disk.
PATIENCE: Final = 20.0
#: Seconds by which the calendar was set from which on it is written anew at once: others go by what it says.
CLOCK_SET: Final = 1.0
#: Files that are read in one look. Of a larger folder each user's have a share, and of his the next ones by name.
MOST_FILES: Final = 256
#: Files of a folder whose owners are asked for in one look.
MOST_NAMES: Final = 4096

#: What tells a file from a later one of its name: time, size, place.
_Version = tuple[int, int, int]


class FolderFinder:
    """As `Finder`. `source` names it in its candidates; `write`: whether it puts a file of this node there."""

    def __init__(
        self,
        folder: Path,
        source: str,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
        every: float = EVERY,
        write: bool = True,
    ) -> None:
        self._folder = folder
        self._source = source
        self._node_id = node_id
        self._network = network
        self._endpoints = tuple(endpoints)
        self._roles = tuple(roles)
        self._on_found = on_found
        self._on_lost = on_lost
        self._every = every
        self._own = folder / f"{node_id[:20]}.json" if write and self._endpoints else None
        self._look = _Look(folder)
        self._reader, self._writer = _Thread(), _Thread()
        self._told: dict[str | None, NodeEntry] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        #: A file may be there; it was there after the last attempt to write it; and why not.
        self._wrote = self._there = False
        self._unwritten = ""
        #: When to write again; and the calendar beside the loop's clock, by which it was written.
        self._write_at = self._offset = 0.0
        #: What was said last of what went wrong, by where.
        self._said: dict[str, str] = {}

    async def start(self) -> bool:
        """As `Finder.start`."""
        if not self._closed and self._task is None:
            await self._write()
            name = f"peerbus folder {self._folder}"
            self._task = new_task(self._watch(), loop=asyncio.get_running_loop(), name=name)
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """As `Finder.update`."""
        roles = tuple(roles)
        if roles != self._roles:
            self._roles = roles
            if self._task is not None and not self._closed:
                await self._write()

    async def aclose(self) -> None:
        """As `Finder.aclose`."""
        self._closed = True
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._own is not None and self._wrote:
            with contextlib.suppress(OSError, TimeoutError):
                await self._writer.do(partial(self._own.unlink, missing_ok=True), self._every)
        self._task = None

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                look = partial(self._looked, self._network, wall_clock())
                found, wrong, gone = await self._reader.do(look, 10 * self._every)
            except Exception as error:  # noqa: BLE001  # whatever others put there, it is looked at again
                self._complain(str(self._folder), f"cannot be looked at: {error or 'no answer'}")
            else:
                self._said = {where: why for where, why in self._said.items() if where in wrong}
                for where, why in wrong.items():
                    self._complain(where, why)
                self._tell(found)
                if gone and self._there:
                    self._write_at = loop.time()
            if loop.time() >= self._write_at or abs(wall_clock() - loop.time() - self._offset) > CLOCK_SET:
                await self._write()
            await asyncio.sleep(self._every)

    def _looked(self, network: str, now: float) -> tuple[list[NodeEntry], dict[str, str], bool]:
        """A look, and whether the file of this node is gone; in a thread."""
        found, wrong = self._look(network, now)
        return found, wrong, self._own is not None and not self._own.exists()

    def _tell(self, entries: Iterable[NodeEntry]) -> None:
        """Tell what has changed since the last look."""
        found: dict[str | None, NodeEntry] = {}
        places: list[Endpoint] = []
        for entry in entries:
            if entry.node_id is None:
                places += entry.endpoints
            elif entry.node_id != self._node_id and entry.endpoints:
                found.setdefault(entry.node_id, entry)
        others = tuple(place for place in dict.fromkeys(places) if place not in self._endpoints)
        if others or None in self._told:
            found[None] = NodeEntry(None, others)
        told, self._told = self._told, found
        for node_id, entry in found.items():
            if told.get(node_id) != entry:
                self._on_found(Candidate(node_id, entry.endpoints, entry.roles, self._source, heard_from=entry.owner))
        for node_id in told:
            if node_id is not None and node_id not in found:
                self._on_lost(node_id)

    async def _write(self) -> None:
        own = self._own
        if own is None:
            return
        now = wall_clock()
        data = write_node(self._node_id, self._network, self._endpoints, self._roles, expires=now + LIFETIME)
        loop = asyncio.get_running_loop()
        self._write_at, self._offset = loop.time() + RENEW, now - loop.time()
        self._wrote = True
        try:
            await self._writer.do(partial(self._put, own, data), min(10 * self._every, PATIENCE))
        except (OSError, TimeoutError) as error:
            self._there, self._write_at = False, loop.time() + AGAIN
            # Not its text, which names the file beside: another one each time.
            why = f"this node is not in the folder: {error.strerror or 'no answer'}"
            if why != self._unwritten:
                self._unwritten = why
                log.warning("folder of nodes", file=str(own), error=why)
        else:
            self._there, self._unwritten = True, ""

    def _put(self, path: Path, data: bytes) -> None:
        """Put a file in its place at once, whole; in a thread, which may come to it when this is closed already."""
        # Others may write this folder too: a new file of a name that nobody knows before, never through a link.
        beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            with open(descriptor, "wb") as file:
                file.write(data)
            beside.replace(path)
        finally:
            with contextlib.suppress(OSError):
                (path if self._closed else beside).unlink()

    def _complain(self, where: str, why: str) -> None:
        if self._said.get(where) != why:
            self._said[where] = why
            log.warning("folder of nodes", file=where, error=why)


class _Look:
    """Reads the files of a folder that have changed since the last look; runs in a thread, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data: dict[str, tuple[_Version, bytes]] = {}
        self._good: dict[str, bytes] = {}
        #: The last file of a look at a folder that has more: whoever puts many there hides none for ever.
        self._last = ""

    def __call__(self, network: str, now: float) -> tuple[list[NodeEntry], dict[str, str]]:
        """The nodes that are there, and by file what was wrong with it. Raises OSError."""
        names = sorted(name for name in os.listdir(self._folder) if name.endswith(".json") and name[0] != ".")
        found: list[NodeEntry] = []
        wrong: dict[str, str] = {}
        names = self._next(names)
        self._data = {name: self._data[name] for name in names if name in self._data}
        self._good = {name: self._good[name] for name in names if name in self._good}
        for name in names:
            path = self._folder / name
            try:
                data = self._read(name, path)
                entry = read_node(data, network=network, now=now)
                self._good[name] = data
            except (OSError, ValueError) as error:
                wrong[str(path)] = str(error)
                before = self._good.get(name)
                entry = None if before is None else read_node(before, network=network, now=now)
            if entry is not None:
                found.append(replace(entry, owner=owner_of(path)))
        return found, wrong

    def _next(self, names: list[str]) -> list[str]:
        """Those of this look."""
        if len(names) <= MOST_FILES:
            return names
        at = bisect.bisect(names, self._last)
        of_users: dict[str, list[str]] = {}
        for name in (names[at:] + names[:at])[:MOST_NAMES]:
            of_users.setdefault(owner_of(self._folder / name), []).append(name)
        if len(of_users) > MOST_FILES:  # one of each, and those of the others in the next look
            chosen = [files[0] for files in of_users.values()][:MOST_FILES]
            self._last = chosen[-1]
            return chosen
        chosen = []
        for left, files in enumerate(sorted(of_users.values(), key=len)):
            chosen += files[: (MOST_FILES - len(chosen)) // (len(of_users) - left)]
            self._last = chosen[-1]  # of whoever has most of them
        return chosen

    def _read(self, name: str, path: Path) -> bytes:
        status = path.stat()  # of what a link points to
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._data.get(name)
        if known is not None and known[0] == version:
            return known[1]
        # Others may write this folder too, and put something else in a file's place.
        with opened_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_FILE + 1)
        self._data[name] = (version, data)
        return data


def owner_of(path: Path) -> str:
    """Whose file it is, as far as that can be told."""
    try:
        return f"user {path.stat().st_uid}"
    except OSError:
        return ""


class _Thread:
    """Has a daemon thread do something, one at a time: behind one that hangs, as a disk is gone, none begins."""

    def __init__(self) -> None:
        #: Ends with the thread.
        self._under_way: asyncio.Future[None] | None = None

    async def do(self, work: Callable[[], T], timeout: float) -> T:
        """Raises TimeoutError, though it may come to be done later; OSError; and what it raised."""
        async with asyncio.timeout(timeout):
            while self._under_way is not None and not self._under_way.done():
                await asyncio.wait([self._under_way])
            self._under_way = asyncio.get_running_loop().create_future()
            return await _in_thread(work, self._under_way)


async def _in_thread(work: Callable[[], T], over: asyncio.Future[None]) -> T:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not over.done():
            over.set_result(None)
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # of this type, where there is no error

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  # whoever waits raises it
            failure = error
        with contextlib.suppress(RuntimeError):  # that loop has closed
            loop.call_soon_threadsafe(settle, result, failure)

    try:
        threading.Thread(target=run, name="peerbus folder", daemon=True).start()
    except RuntimeError as error:  # there are no more threads
        over.set_result(None)
        raise OSError(str(error)) from error
    return await done


def _make(url: str) -> MakeFinder:
    parts = urlsplit(url)
    wanted = dict(parse_qsl(parts.query, keep_blank_values=True))
    write, every = wanted.pop("write", "yes"), 0.0
    with contextlib.suppress(ValueError):
        every = float(wanted.pop("every", EVERY))
    named = not parts.netloc and parts.path not in ("", "/") and not parts.fragment
    if not named or wanted or not 0.01 <= every <= 3600 or write not in ("yes", "no"):
        raise ValueError(f"{url!r} names no folder: write folder:///srv/nodes?every=2&write=no")
    return partial(FolderFinder, Path(parts.path), url, every=every, write=write == "yes")


KIND = FinderKind(scheme="folder", make=_make)
