"""What every transport must do, as checks that any implementation can run on itself.

A transport joins with one line: `await check_transport(factory)`, or one test for each of
`TRANSPORT_CHECKS`. Nothing here knows which transport it runs on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, TypeVar

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed, StreamBroken, StreamClosed
from ...transports.streams import (
    FLUSH_TIMEOUT,
    HIGH_WATER,
    MAX_CHUNK,
    RECEIVE_BUFFER,
    Endpoint,
    Listener,
    Pushing,
    Stream,
    Transport,
)

__all__ = ["TRANSPORT_CHECKS", "TransportCheck", "TransportFactory", "TransportPair", "check_transport", "run_check"]

#: Seconds after which a check counts as hanging.
_PATIENCE: Final = 20.0
#: More than all buffers between two ends can hold: Linux gives a TCP socket up to 4 MiB to send
#: and 32 MiB to receive.
_MORE_THAN_BUFFERS: Final = 48 * 1024 * 1024
_BIG: Final = 10 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class TransportPair:
    """Two nodes' transports that can reach each other, and what they should prove."""

    dialer: Transport
    acceptor: Transport
    #: An endpoint to listen on that nobody else uses; a new one at each call.
    fresh: Callable[[], Endpoint]
    #: The node ids that streams of this transport prove, or None where they prove nothing.
    dialer_id: str | None = None
    acceptor_id: str | None = None


_E = TypeVar("_E", bound=BaseException)

TransportFactory = Callable[[], AbstractContextManager[TransportPair]]
TransportCheck = Callable[[TransportPair], Awaitable[None]]


async def check_transport(factory: TransportFactory) -> None:
    """Run every check on a new pair each. Raises: AssertionError that names what does not hold."""
    for check in TRANSPORT_CHECKS:
        with factory() as pair:
            await run_check(check, pair)


async def run_check(check: TransportCheck, pair: TransportPair) -> None:
    """Run one check; it fails as well if it hangs, or leaves a task behind."""
    before = asyncio.all_tasks()
    try:
        async with asyncio.timeout(_PATIENCE):
            await check(pair)
    except TimeoutError as error:
        raise AssertionError(f"{_name(check)}: hangs") from error
    await _turns(3)
    left = asyncio.all_tasks() - before
    _require(not left, f"{_name(check)} left tasks behind: {left}")


# Opening.


async def accept_waits_for_a_dial(pair: TransportPair) -> None:
    """Accept waits for a dial."""
    async with _listening(pair) as listener:
        waiting = asyncio.create_task(listener.accept())
        await _turns(3)
        _require(not waiting.done(), "accept returned without a dial")
        async with _closing(await _dial(pair, listener)), _closing(await waiting):
            pass


async def closing_the_listener_ends_accept(pair: TransportPair) -> None:
    """Closing the listener ends accept."""
    async with _listening(pair) as listener:
        waiting = asyncio.create_task(listener.accept())
        await _turns(3)
        await listener.aclose()
        await _expect(StreamClosed, waiting, "a waiting accept")
        await _expect(StreamClosed, listener.accept(), "accept after aclose")
        await listener.aclose()


async def a_cancelled_accept_takes_nothing(pair: TransportPair) -> None:
    """A cancelled accept takes nothing."""
    async with _listening(pair) as listener:
        await _cancel_after(3, listener.accept())
        async with _closing(await _dial(pair, listener)) as dialed, _closing(await listener.accept()) as accepted:
            await _talk(dialed, accepted)


async def many_dials_are_all_accepted(pair: TransportPair) -> None:
    """Many dials are all accepted."""
    async with _listening(pair) as listener, contextlib.AsyncExitStack() as stack:
        dialed = await asyncio.gather(*(_dial(pair, listener) for _ in range(20)))
        for number, stream in enumerate(dialed):
            await stack.enter_async_context(_closing(stream))
            stream.write(bytes([number]))
        accepted = [await stack.enter_async_context(_closing(await listener.accept())) for _ in dialed]
        numbers = {await stream.read() for stream in accepted}
        _require(len(numbers) == len(dialed), f"{len(dialed)} dials gave {len(numbers)} streams")


async def a_dial_to_nobody_fails_at_once(pair: TransportPair) -> None:
    """A dial to nobody fails at once."""
    async with _listening(pair) as listener:
        endpoint = listener.endpoint
        await listener.aclose()
    started = _now()
    await _expect(DialFailed, pair.dialer.dial(endpoint, expect=None, timeout=_PATIENCE), "a dial to nobody")
    _require(_now() - started < 1, "a dial to nobody waited")


async def a_dial_that_the_listener_never_takes_ends_with_the_listener(pair: TransportPair) -> None:
    """A dial that the listener never takes ends with the listener."""
    async with _listening(pair) as listener:
        dialed = await _dial(pair, listener)
        await listener.aclose()
        async with _closing(dialed):
            await _ends(dialed)


async def a_cancelled_dial_leaves_nothing(pair: TransportPair) -> None:
    """A cancelled dial leaves nothing."""
    async with _listening(pair) as listener:
        for turns in range(12):
            await _cancel_after(turns, _dial(pair, listener))
        await _dial_and_be_heard(pair, listener)


async def a_dial_with_no_time_fails(pair: TransportPair) -> None:
    """A dial with no time fails."""
    async with _listening(pair) as listener:
        dial = pair.dialer.dial(listener.endpoint, expect=None, timeout=0)
        await _expect(DialFailed, dial, "a dial with no time")


async def the_expected_node_is_accepted(pair: TransportPair) -> None:
    """The expected node is accepted."""
    async with _listening(pair) as listener:
        dial = pair.dialer.dial(listener.endpoint.without_peer(), expect=pair.acceptor_id, timeout=_PATIENCE)
        async with _closing(await dial) as dialed, _closing(await listener.accept()) as accepted:
            _require(dialed.peer_id == pair.acceptor_id, f"the dialer saw {dialed.peer_id}")
            _require(accepted.peer_id == pair.dialer_id, f"the acceptor saw {accepted.peer_id}")
            await _talk(dialed, accepted)


async def another_node_than_expected_is_refused(pair: TransportPair) -> None:
    """Another node than expected is refused."""
    if pair.acceptor_id is None:
        return
    other = hashlib.sha256(b"somebody else").hexdigest()
    async with _listening(pair) as listener:
        place = listener.endpoint.without_peer()
        for dial in (
            pair.dialer.dial(place, expect=other, timeout=_PATIENCE),
            pair.dialer.dial(place.with_peer(other), expect=None, timeout=_PATIENCE),
        ):
            error = await _expect(HandshakeFailed, dial, "a dial that met another node")
            _require(error.reason == "node_id", f"the reason was {error.reason}")
        await _dial_and_be_heard(pair, listener)


async def a_node_can_dial_itself(pair: TransportPair) -> None:
    """A node can dial itself."""
    listener = await pair.acceptor.listen(pair.fresh())
    async with contextlib.aclosing(listener):
        dial = pair.acceptor.dial(listener.endpoint, expect=None, timeout=_PATIENCE)
        async with _closing(await dial) as dialed, _closing(await listener.accept()) as accepted:
            _require(dialed.peer_id == accepted.peer_id == pair.acceptor_id, "it is not itself")
            await _talk(dialed, accepted)


async def two_listeners_have_distinct_endpoints(pair: TransportPair) -> None:
    """Two listeners have distinct endpoints."""
    async with _listening(pair) as one, _listening(pair) as two:
        _require(one.endpoint != two.endpoint, f"both are {one.endpoint}")
        for listener in (one, two):
            endpoint = listener.endpoint
            _require(endpoint.scheme in pair.acceptor.schemes, f"{endpoint} is of another transport")
            _require(Endpoint.parse(str(endpoint)) == endpoint, f"{endpoint} does not survive its text")
            _require(endpoint.peer_id == pair.acceptor_id, f"{endpoint} names another node")


async def an_endpoint_in_use_cannot_be_listened_on(pair: TransportPair) -> None:
    """An endpoint in use cannot be listened on."""
    async with _listening(pair) as listener:
        await _expect(ListenFailed, pair.acceptor.listen(listener.endpoint), "a second listen")
        async with _closing(await _dial(pair, listener)), _closing(await listener.accept()):
            pass


async def an_endpoint_can_be_listened_on_again(pair: TransportPair) -> None:
    """An endpoint can be listened on again."""
    async with _listening(pair) as listener:
        endpoint = listener.endpoint
        async with _closing(await _dial(pair, listener)), _closing(await listener.accept()):
            pass
    again = await pair.acceptor.listen(endpoint)
    _require(again.endpoint == endpoint, f"it moved to {again.endpoint}")
    await again.aclose()


async def a_scheme_of_another_transport_is_refused(pair: TransportPair) -> None:
    """A scheme of another transport is refused."""
    schemes = (*pair.dialer.schemes, *pair.acceptor.schemes)
    known = (Endpoint.parse("tcp://127.0.0.1:1"), Endpoint.parse("memory://x"), Endpoint.parse("unix:///x"))
    for foreign in (endpoint for endpoint in known if endpoint.scheme not in schemes):
        await _expect(ValueError, pair.dialer.dial(foreign, expect=None, timeout=1), "a foreign dial")
        await _expect(ValueError, pair.acceptor.listen(foreign), "a foreign listen")


# Talking.


async def bytes_go_both_ways(pair: TransportPair) -> None:
    """Bytes go both ways."""
    async with _connected(pair) as (dialed, accepted):
        await _talk(dialed, accepted)
        await _talk(accepted, dialed)


async def ends_mirror_each_other(pair: TransportPair) -> None:
    """Ends mirror each other."""
    async with _connected(pair) as (dialed, accepted):
        _require(dialed.local == accepted.remote, f"{dialed.local} is not {accepted.remote}")
        _require(dialed.remote == accepted.local, f"{dialed.remote} is not {accepted.local}")
        _require(dialed.peer_id == dialed.remote.peer_id, "peer_id and remote disagree")
        _require(dialed.secure == accepted.secure, "one end is secure and the other is not")


async def many_small_writes_keep_their_order(pair: TransportPair) -> None:
    """Many small writes keep their order."""
    async with _connected(pair) as (dialed, accepted):
        numbers = [number.to_bytes(3, "big") for number in range(20_000)]
        reading = asyncio.create_task(_read_exactly(accepted, 3 * len(numbers)))
        for number in numbers:
            dialed.write(number)
            if not dialed.writable:
                await dialed.drain()
        _require(await reading == b"".join(numbers), "the order, or a byte, was lost")


async def a_slow_reader_makes_the_writer_wait(pair: TransportPair) -> None:
    """A slow reader makes the writer wait."""
    async with _connected(pair) as (dialed, accepted):
        written = 0

        async def write_all() -> None:
            nonlocal written
            block = bytes(HIGH_WATER)
            while written < _MORE_THAN_BUFFERS:
                dialed.write(block)
                written += len(block)
                await dialed.drain()

        writing = asyncio.create_task(write_all())
        before = -1
        while written != before:
            before = written
            await _turns(50)
        _require(not writing.done(), f"{written} bytes were taken that nobody read")
        _require(not dialed.writable, "drain waits, but writable is True")
        left = _MORE_THAN_BUFFERS
        while left:
            left -= len(await accepted.read())
        await writing
        await dialed.drain()
        _require(dialed.writable, "all was read, but writable is False")


async def a_big_transfer_arrives_intact(pair: TransportPair) -> None:
    """A big transfer arrives intact."""
    async with _connected(pair) as (dialed, accepted):
        payload = hashlib.shake_256(b"big").digest(_BIG)

        async def write_all() -> None:
            for start in range(0, _BIG, 100_003):
                dialed.write(memoryview(payload)[start : start + 100_003])
                await dialed.drain()
            await dialed.aclose()

        writing = asyncio.create_task(write_all())
        digest = hashlib.sha256()
        while data := await accepted.read():
            _require(len(data) <= MAX_CHUNK, f"a read returned {len(data)} bytes")
            digest.update(data)
            await _turns(1)
        await writing
        _require(digest.digest() == hashlib.sha256(payload).digest(), "the bytes changed on the way")


async def both_sides_can_send_much_at_once(pair: TransportPair) -> None:
    """Both sides can send much at once."""
    async with _connected(pair) as (dialed, accepted):
        size = 4 * 1024 * 1024

        async def send(stream: Stream) -> None:
            for _ in range(size // HIGH_WATER):
                stream.write(bytes(HIGH_WATER))
                await stream.drain()

        await asyncio.gather(send(dialed), send(accepted), _read_exactly(dialed, size), _read_exactly(accepted, size))


async def written_bytes_may_be_changed_afterwards(pair: TransportPair) -> None:
    """Written bytes may be changed afterwards."""
    async with _connected(pair) as (dialed, accepted):
        size = 1024 * 1024
        data = bytearray(b"x" * size)
        dialed.write(data)
        data[:] = b"y" * size
        dialed.writelines([b"one", memoryview(b"two"), bytearray(b"three"), b""])
        arrived = await _read_exactly(accepted, size + 11)
        _require(arrived[:size] == b"x" * size, "the stream kept the caller's buffer")
        _require(arrived[size:] == b"onetwothree", "writelines lost something")


async def only_one_task_may_read(pair: TransportPair) -> None:
    """Only one task may read."""
    async with _connected(pair) as (dialed, accepted):
        reading = asyncio.create_task(accepted.read())
        await _turns(2)
        await _expect(RuntimeError, accepted.read(), "a second reader")
        dialed.write(b"x")
        _require(await reading == b"x", "the first reader was disturbed")


async def a_stream_that_pushes_hands_over_what_waits_and_what_comes(pair: TransportPair) -> None:
    """A stream that pushes hands over what waits and what comes, and `read` tells the end."""
    async with _connected(pair) as (dialed, accepted):
        if not isinstance(accepted, Pushing):
            return
        size = 3 * MAX_CHUNK
        dialed.write(b"first")
        got = [await accepted.read()]
        dialed.write(b"second")
        await _talk(accepted, dialed)  # by now something of it may wait
        complete = asyncio.Event()

        def receive(data: bytes) -> None:
            got.append(data)
            if sum(map(len, got)) == len(b"firstsecond") + size:
                complete.set()

        accepted.push_to(receive)
        for _ in range(3):
            dialed.write(bytes(MAX_CHUNK))
        await complete.wait()
        _require(b"".join(got) == b"firstsecond" + bytes(size), "bytes were lost, or came in another order")
        await dialed.aclose()
        _require(await accepted.read() == b"", "the end was not told")


async def a_cancelled_read_loses_nothing(pair: TransportPair) -> None:
    """A cancelled read loses nothing."""
    async with _connected(pair) as (dialed, accepted):
        await _cancel_after(2, accepted.read())
        dialed.write(b"still here")
        _require(await _read_exactly(accepted, 10) == b"still here", "bytes were lost")


# Ending.


async def streams_survive_their_listener(pair: TransportPair) -> None:
    """Streams survive their listener."""
    async with _connected(pair, close_listener=True) as (dialed, accepted):
        await _talk(dialed, accepted)
        await _talk(accepted, dialed)


async def the_end_is_read_on_the_other_side(pair: TransportPair) -> None:
    """The end is read on the other side."""
    async with _connected(pair) as (dialed, accepted):
        dialed.write(b"last")
        await dialed.aclose()
        _require(await _read_exactly(accepted, 4) == b"last", "the last bytes were lost")
        for _ in range(3):
            _require(await accepted.read() == b"", "the end is not the end")


async def an_end_wakes_a_waiting_reader(pair: TransportPair) -> None:
    """An end wakes a waiting reader."""
    async with _connected(pair) as (dialed, accepted):
        reading = asyncio.create_task(accepted.read())
        await _turns(2)
        await dialed.aclose()
        _require(await reading == b"", "the reader did not see the end")


async def the_last_words_arrive_though_nobody_listened(pair: TransportPair) -> None:
    """The last words arrive though nobody listened."""
    async with _connected(pair) as (dialed, accepted):
        # What the closing side never reads must not cost the other side what it wrote last.
        dialed.write(bytes(4 * RECEIVE_BUFFER))
        await _turns(100)
        accepted.write(b"y" * 100_000)
        closing = asyncio.create_task(accepted.aclose())
        _require(await _read_exactly(dialed, 100_000) == b"y" * 100_000, "the last words were lost")
        _require(await dialed.read() == b"", "the end was lost")
        await closing


async def after_the_other_sides_end_writing_fails_and_reading_goes_on(pair: TransportPair) -> None:
    """After the other sides end writing fails and reading goes on."""
    async with _connected(pair) as (dialed, accepted):
        dialed.write(b"a" * 1000)
        await dialed.aclose()
        await _until_broken(accepted)
        await _expect(StreamBroken, accepted.drain(), "drain after the end")
        _require(await _read_exactly(accepted, 1000) == b"a" * 1000, "bytes before the end were lost")
        _require(await accepted.read() == b"", "the end was lost")


async def a_closed_stream_refuses_its_owner(pair: TransportPair) -> None:
    """A closed stream refuses its owner."""
    async with _connected(pair) as (dialed, accepted):
        accepted.write(b"never read")
        await dialed.aclose()
        await _expect(StreamClosed, dialed.read(), "read after aclose")
        await _expect(StreamClosed, dialed.drain(), "drain after aclose")
        try:
            dialed.write(b"x")
        except StreamClosed:
            pass
        else:
            raise AssertionError("write after aclose did not raise")
        dialed.abort()
        await asyncio.gather(dialed.aclose(), dialed.aclose())


async def closing_wakes_the_own_reader(pair: TransportPair) -> None:
    """Closing wakes the own reader."""
    async with _connected(pair) as (dialed, _):
        reading = asyncio.create_task(dialed.read())
        await _turns(2)
        await dialed.aclose()
        await _expect(StreamClosed, reading, "a waiting read of a closed stream")


async def an_abort_is_noticed_on_both_sides(pair: TransportPair) -> None:
    """An abort is noticed on both sides."""
    async with _connected(pair) as (dialed, accepted):
        while dialed.writable:
            dialed.write(bytes(HIGH_WATER))
            await _turns(1)
        draining = asyncio.create_task(dialed.drain())
        await _turns(2)
        dialed.abort()
        await _expect(StreamClosed, draining, "a waiting drain of an aborted stream")
        await _ends(accepted)


async def closing_gives_up_on_a_reader_that_never_reads(pair: TransportPair) -> None:
    """Closing gives up on a reader that never reads."""
    async with _connected(pair) as (dialed, accepted):
        for _ in range(_MORE_THAN_BUFFERS // HIGH_WATER):
            dialed.write(bytes(HIGH_WATER))
        started = _now()
        await dialed.aclose()
        _require(_now() - started < 3 * FLUSH_TIMEOUT, "aclose waited too long")
        await _ends(accepted)


async def a_cancelled_close_aborts(pair: TransportPair) -> None:
    """A cancelled close aborts."""
    async with _connected(pair) as (dialed, accepted):
        for _ in range(_MORE_THAN_BUFFERS // HIGH_WATER):
            dialed.write(bytes(HIGH_WATER))
        await _cancel_after(3, dialed.aclose())
        await _ends(accepted)
        await dialed.aclose()


#: Every check of the contract.
TRANSPORT_CHECKS: tuple[TransportCheck, ...] = (
    accept_waits_for_a_dial,
    closing_the_listener_ends_accept,
    a_cancelled_accept_takes_nothing,
    many_dials_are_all_accepted,
    a_dial_to_nobody_fails_at_once,
    a_dial_that_the_listener_never_takes_ends_with_the_listener,
    a_cancelled_dial_leaves_nothing,
    a_dial_with_no_time_fails,
    the_expected_node_is_accepted,
    another_node_than_expected_is_refused,
    a_node_can_dial_itself,
    two_listeners_have_distinct_endpoints,
    an_endpoint_in_use_cannot_be_listened_on,
    an_endpoint_can_be_listened_on_again,
    a_scheme_of_another_transport_is_refused,
    bytes_go_both_ways,
    ends_mirror_each_other,
    many_small_writes_keep_their_order,
    a_slow_reader_makes_the_writer_wait,
    a_big_transfer_arrives_intact,
    both_sides_can_send_much_at_once,
    written_bytes_may_be_changed_afterwards,
    only_one_task_may_read,
    a_stream_that_pushes_hands_over_what_waits_and_what_comes,
    a_cancelled_read_loses_nothing,
    streams_survive_their_listener,
    the_end_is_read_on_the_other_side,
    an_end_wakes_a_waiting_reader,
    the_last_words_arrive_though_nobody_listened,
    after_the_other_sides_end_writing_fails_and_reading_goes_on,
    a_closed_stream_refuses_its_owner,
    closing_wakes_the_own_reader,
    an_abort_is_noticed_on_both_sides,
    closing_gives_up_on_a_reader_that_never_reads,
    a_cancelled_close_aborts,
)


@contextlib.asynccontextmanager
async def _listening(pair: TransportPair) -> AsyncIterator[Listener]:
    listener = await pair.acceptor.listen(pair.fresh())
    try:
        yield listener
    finally:
        await listener.aclose()


@contextlib.asynccontextmanager
async def _closing(stream: Stream) -> AsyncIterator[Stream]:
    try:
        yield stream
    finally:
        await stream.aclose()


@contextlib.asynccontextmanager
async def _connected(pair: TransportPair, *, close_listener: bool = False) -> AsyncIterator[tuple[Stream, Stream]]:
    async with _listening(pair) as listener:
        dialed, accepted = await asyncio.gather(_dial(pair, listener), listener.accept())
        if close_listener:
            await listener.aclose()
        try:
            yield dialed, accepted
        finally:
            # At once: each then sees the other's end, and neither waits for it.
            await asyncio.gather(dialed.aclose(), accepted.aclose())


async def _dial(pair: TransportPair, listener: Listener) -> Stream:
    return await pair.dialer.dial(listener.endpoint, expect=None, timeout=_PATIENCE)


async def _dial_and_be_heard(pair: TransportPair, listener: Listener) -> None:
    """Open a stream that works, behind any number that were given up: these end, if they came at all."""
    async with _closing(await _dial(pair, listener)) as dialed:
        dialed.write(b"the one that stayed")
        while True:
            async with _closing(await listener.accept()) as accepted:
                with contextlib.suppress(StreamBroken):
                    if await accepted.read():
                        return


async def _talk(speaker: Stream, hearer: Stream) -> None:
    speaker.write(b"a question")
    _require(await _read_exactly(hearer, 10) == b"a question", "something else arrived")


async def _read_exactly(stream: Stream, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        data = await stream.read()
        _require(bool(data), f"the stream ended {size} bytes early")
        parts.append(data)
        size -= len(data)
    _require(size == 0, f"{-size} bytes too many arrived")
    return b"".join(parts)


async def _ends(stream: Stream) -> None:
    """Read on until the stream ends, cleanly or not."""
    with contextlib.suppress(StreamBroken):
        while await stream.read():
            pass


async def _until_broken(stream: Stream) -> None:
    """Wait until the other side's end has arrived, which writing notices and reading might not."""
    while True:
        try:
            stream.write(b"")
        except StreamBroken:
            return
        await _turns(1)


async def _cancel_after(turns: int, awaitable: Coroutine[None, None, object]) -> None:
    task = asyncio.create_task(awaitable)
    await _turns(turns)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        abort = getattr(await task, "abort", None)
        if abort is not None:
            abort()


async def _expect(error: type[_E], awaitable: Awaitable[object], what: str) -> _E:
    try:
        result = await awaitable
    except error as raised:
        return raised
    raise AssertionError(f"{what} gave {result!r} instead of {error.__name__}")


async def _turns(count: int) -> None:
    """Let the loop turn: every task that can go on does, and every socket that is ready is served."""
    for _ in range(count):
        await asyncio.sleep(0)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _name(check: TransportCheck) -> str:
    return getattr(check, "__name__", repr(check))
