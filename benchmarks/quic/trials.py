"""The requirements of a carrier, each tried on one candidate; times are those of a machine that has other work too."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Final

from peerbus.transports import Identity

from .pipe import Candidate, Pipe, read_exactly
from .serving import ECHO, LAST_WORDS, PART, SINK, WORDS, count, serve
from .verdict import Verdict

__all__ = ["ACCEPTOR", "DIALER", "TRIALS", "Trial", "one_way", "round_trip", "tried"]

DIALER: Final = Identity.from_seed(b"d" * 32)
ACCEPTOR: Final = Identity.from_seed(b"a" * 32)
#: Seconds that one trial may take.
PATIENCE: Final = 25.0
#: Bytes beyond which what nobody reads is held by a buffer without a bound: several windows on each side, and some.
MOST_UNREAD: Final = 16 * 1024 * 1024
#: Seconds without progress after which a writer counts as stopped.
STILL: Final = 0.4
#: Seconds that a dial to nobody has, and by when it must be over.
NOBODY, OVER = 1.0, 2.0
DIALS: Final = 20

#: Tries one requirement on a new candidate.
Trial = Callable[[Candidate], Awaitable[Verdict]]


async def tried(trial: Trial, make: Callable[[], Candidate], name: str) -> Verdict:
    """The verdict of a trial, whatever it raises and however long it hangs."""
    candidate = make()
    try:
        async with asyncio.timeout(PATIENCE):
            return await trial(candidate)
    except TimeoutError:
        return Verdict(name, False, f"hangs: not over after {PATIENCE:.0f} s")
    except Exception as error:  # noqa: BLE001  # whatever a library raises, the requirement is not held
        return Verdict(name, False, _text(error))
    finally:
        try:
            async with asyncio.timeout(5.0):
                await candidate.aclose()
        except Exception:  # noqa: BLE001, S110  # what it cannot let go of, the end of the process does
            pass


async def proves_both(candidate: Candidate) -> Verdict:
    """Each side proves its node key, and another node than expected is refused."""
    name = "each side proves its key"
    accepted: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def look(pipe: Pipe) -> None:
        if not accepted.done():
            accepted.set_result(pipe.peer)
        await serve(pipe)

    place = await candidate.listen(ACCEPTOR, look)
    pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
    await pipe.send(ECHO + b"?")
    await read_exactly(pipe, 1)
    dialed, taken = pipe.peer, await accepted
    await pipe.close()
    if dialed != ACCEPTOR.node_id or taken != DIALER.node_id:
        return Verdict(name, False, f"the dialer sees {_who(dialed)}, the listener {_who(taken)}")
    try:
        other = await candidate.dial(DIALER, place, "0" * 64)
    except Exception:  # noqa: BLE001  # it was refused, in whatever words
        return Verdict(name, True, "both see the other's node id; another than expected is refused")
    await other.close()
    return Verdict(name, False, "another node than expected is not refused")


async def stops_the_dialer(candidate: Candidate) -> Verdict:
    """A listener that reads nothing stops the dialer; what it sent arrives when it reads."""
    read = asyncio.Event()

    async def wait(pipe: Pipe) -> None:
        await read.wait()
        await count(pipe)

    place = await candidate.listen(ACCEPTOR, wait)
    pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
    flood = _Flood(pipe)
    stopped = await flood.stopped()
    verdict = _unread("back-pressure, dialer to listener", stopped)
    read.set()
    if verdict.held:
        await read_exactly(pipe, MOST_UNREAD // PART)
    flood.task.cancel()
    return verdict


async def stops_the_listener(candidate: Candidate) -> Verdict:
    """A dialer that reads nothing stops the listener; what was sent arrives when it reads."""
    floods: asyncio.Queue[_Flood] = asyncio.Queue()

    async def flood(pipe: Pipe) -> None:
        await pipe.receive()
        begun = _Flood(pipe)
        floods.put_nowait(begun)
        await begun.task
        await asyncio.sleep(PATIENCE)

    place = await candidate.listen(ACCEPTOR, flood)
    pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
    await pipe.send(b"?")
    begun = await floods.get()
    verdict = _unread("back-pressure, listener to dialer", await begun.stopped())
    if verdict.held:
        await read_exactly(pipe, MOST_UNREAD)
    begun.task.cancel()
    return verdict


async def ends_cleanly(candidate: Candidate) -> Verdict:
    """What was sent last arrives before the end, and the end is one."""
    place = await candidate.listen(ACCEPTOR, serve)
    pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
    await pipe.send(LAST_WORDS)
    got = bytearray()
    while data := await pipe.receive():
        got += data
    await pipe.close()
    held = bytes(got) == WORDS
    return Verdict("a clean end", held, f"{len(got)} of {len(WORDS)} bytes before the end")


async def fails_at_nobody(candidate: Candidate) -> Verdict:
    """A dial to where nobody is ends within its time."""
    name = "a dial to nobody ends in time"
    place = await candidate.listen(ACCEPTOR, serve)
    host, _, rest = place.partition(":")
    port, slash, key = rest.partition("/")
    del port
    started = time.perf_counter()
    try:
        async with asyncio.timeout(NOBODY):
            await candidate.dial(DIALER, f"{host}:9{slash}{key}", ACCEPTOR.node_id)
    except Exception as error:  # noqa: BLE001  # it failed, in whatever words
        waited = time.perf_counter() - started
        return Verdict(name, waited < OVER, f"{type(error).__name__} after {waited:.2f} s of {NOBODY:.0f} s")
    return Verdict(name, False, "somebody answered")


async def takes_many(candidate: Candidate) -> Verdict:
    """Twenty dials at once all talk."""
    place = await candidate.listen(ACCEPTOR, serve)
    started = time.perf_counter()

    async def talk(number: int) -> None:
        pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
        await pipe.send(ECHO + bytes([number]))
        if await read_exactly(pipe, 1) != bytes([number]):
            raise ValueError("another one's byte came")
        await pipe.close()

    done = await asyncio.gather(*(talk(number) for number in range(DIALS)), return_exceptions=True)
    failed = [each for each in done if isinstance(each, Exception)]
    why = f", the first: {_text(failed[0])}" if failed else ""
    seconds = time.perf_counter() - started
    return Verdict(f"{DIALS} dials at once", not failed, f"{DIALS - len(failed)} talked in {seconds:.2f} s{why}")


#: Those that need no second process, in the order of the table.
TRIALS: Final[dict[str, Trial]] = {
    "each side proves its key": proves_both,
    "back-pressure, dialer to listener": stops_the_dialer,
    "back-pressure, listener to dialer": stops_the_listener,
    "a clean end": ends_cleanly,
    "a dial to nobody ends in time": fails_at_nobody,
    f"{DIALS} dials at once": takes_many,
}


async def round_trip(candidate: Candidate, place: str, seconds: float) -> float:
    """Median seconds of 100 bytes there and back."""
    pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
    await pipe.send(ECHO)
    times: list[float] = []
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until or len(times) < 20:
        await pipe.send(b"x" * 100)
        await read_exactly(pipe, 100)
        times.append(time.perf_counter() - now)
    await pipe.close()
    return statistics.median(times)


async def one_way(candidate: Candidate, place: str, seconds: float) -> float:
    """Bytes a second that arrive at a sink in another process."""
    pipe = await candidate.dial(DIALER, place, ACCEPTOR.node_id)
    await pipe.send(SINK)
    block, sent, arrived = bytes(64 * 1024), 0, 0
    started = time.perf_counter()

    async def count() -> None:
        nonlocal arrived
        while arrived < sent or not over:
            arrived += PART * len(await pipe.receive())

    over = False
    counting = asyncio.create_task(count())
    while time.perf_counter() - started < seconds or sent % PART:
        if sent - arrived < 8 * PART:
            await pipe.send(block)
            sent += len(block)
        else:
            await asyncio.sleep(0)
    over = True
    await counting
    rate = sent / (time.perf_counter() - started)
    await pipe.close()
    return rate


class _Flood:
    """Sends `MOST_UNREAD` bytes as fast as the library takes them. Task: one (waits for the library)."""

    def __init__(self, pipe: Pipe) -> None:
        self.sent = 0
        self.refused = ""
        self.task = asyncio.create_task(self._send(pipe))

    async def _send(self, pipe: Pipe) -> None:
        block = bytes(64 * 1024)
        while self.sent < MOST_UNREAD:
            try:
                await pipe.send(block)
            except BufferError as error:  # some say by an error what they have no wait for
                self.refused = _text(error)
                return
            self.sent += len(block)

    async def stopped(self) -> _Flood:
        """Wait until it stands still, or all is sent; returns itself."""
        before = -1
        while self.sent != before and not self.task.done():
            before = self.sent
            await asyncio.wait([self.task], timeout=STILL)
        return self


def _unread(name: str, flood: _Flood) -> Verdict:
    size = f"{flood.sent / 1e6:.1f} MB that nobody reads"
    if flood.refused:
        return Verdict(name, False, f"no wait, after {size} an error: {flood.refused}")
    if flood.sent >= MOST_UNREAD or not flood.sent:
        return Verdict(name, False, f"took all of {size}" if flood.sent else "takes nothing")
    return Verdict(name, True, f"stops at {size}; when it is read, all arrives")


def _who(peer: str | None) -> str:
    return "nobody" if peer is None else peer[:12]


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:150]}".rstrip(": ")
