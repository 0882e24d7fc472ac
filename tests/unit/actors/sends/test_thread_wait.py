"""Sends from other threads that wait for room: each ends once, in time, and the ledger says as what."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from threading import get_ident

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from virtual_time import VirtualTimeLoop

from peerbus.actors import DeadlineExceeded, MailboxFull, SendError
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox
from peerbus.actors.sends.thread_wait import ForeignWaiting

LIMIT = 2
NOBODY = -2


@dataclass
class Scene:
    """A mailbox whose owner is another thread: its turns are taken when the test says so."""

    mailbox: Mailbox = field(default_factory=lambda: Mailbox(LIMIT))
    delivered: list[object] = field(default_factory=list)
    #: What was delivered, and dropped when the owner ended.
    lost: list[object] = field(default_factory=list)
    letters: list[tuple[object, str]] = field(default_factory=list)
    results: dict[int, str] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.mailbox.owner = NOBODY
        self.mailbox.scheduled = False
        self.mailbox.on_drop = lambda envelope, _: self.lost.append(envelope.message)

    def send(self, source: int, timeout: float, how: str) -> None:
        """A send from another thread; it waits where there is no room, `how` says from when."""
        self.sent += 1
        number = self.sent
        envelope = Envelope(number, source=source)
        try:
            if self.mailbox.offer_foreign(envelope):
                self.results[number] = "delivered"
                return
        except SendError as error:
            self.results[number] = error.reason
            return
        waiting = ForeignWaiting(self.mailbox, envelope, timeout, self._undelivered)
        self.results[number] = MailboxFull.reason  # where it is cancelled before it is awaited as well
        if how == "never":
            return
        self.tasks.append(asyncio.ensure_future(self._wait(number, waiting, 0.3 if how == "late" else 0.0)))

    def _undelivered(self, envelope: Envelope, error: SendError) -> None:
        self.letters.append((envelope.message, error.reason))

    async def _wait(self, number: int, waiting: ForeignWaiting, late: float) -> None:
        await asyncio.sleep(late)
        try:
            await waiting
        except SendError as error:
            self.results[number] = error.reason
        except asyncio.CancelledError:
            # In the moment in which it ended otherwise, that end is what the ledger has, and a letter says it.
            self.results[number] = dict(self.letters).get(number, "cancelled")
            raise
        else:
            self.results[number] = "delivered"

    def turn(self, count: int) -> None:
        """The owner looks, and takes that many messages."""
        self.mailbox.owner = get_ident()
        for _ in range(count):
            envelope = self.mailbox.take()
            if envelope is None:
                break
            self.delivered.append(envelope.message)
        assert not self.mailbox.only_stop_left  # it looks at what others have put as well
        self.mailbox.scheduled = not self.mailbox.empty()
        assert self.mailbox.overlooked() is None
        self.mailbox.owner = NOBODY

    def close(self) -> None:
        """The owner ends."""
        self.mailbox.owner = get_ident()
        self.delivered += [envelope.message for envelope in self.mailbox.close("over")]
        self.mailbox.leave(self.mailbox.on_drop)

    def check(self) -> None:
        """When all has ended: the ledger says of each what its sender was told."""
        stats = self.mailbox.statistics()
        assert (stats.waiting, stats.sent) == (0, self.sent)
        self.delivered += self.lost
        assert stats.delivered == len(self.delivered) == len(set(self.delivered))
        assert len(self.lost) == sum(stats.dropped.values())
        told = Counter(result for number, result in self.results.items() if number not in self.delivered)
        assert Counter(stats.failed) == told
        for number in self.delivered:
            # Whoever is cancelled in the moment in which there is room has sent.
            assert self.results[number] in ("delivered", "cancelled")  # type: ignore[index]  # a number


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("send"),
            st.integers(0, 2),
            st.sampled_from([0.1, 0.2, 5.0]),
            st.sampled_from(["now", "late", "never"]),
        ),
        st.tuples(st.just("take"), st.integers(0, 4)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("pass"), st.sampled_from([0.0, 0.1, 0.15])),
        st.just(("close",)),
    ),
    max_size=40,
)


@pytest.fixture(autouse=True)
def _on_the_loops_clock() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("peerbus.actors.sends.thread_wait.monotonic", lambda: asyncio.get_running_loop().time())
        yield


@settings(max_examples=100)
@given(OPERATIONS)
@example([*[("send", 0, 0.1, "now")] * 3, ("pass", 0.1), ("cancel", 0), ("close",)])
def test_whatever_happens_each_ends_once_in_time_and_is_counted_as_its_sender_was_told(
    operations: list[tuple[object, ...]],
) -> None:
    async def story() -> None:
        scene = Scene()
        for operation in operations:
            match operation:
                case ["send", int(source), float(timeout), str(how)]:
                    scene.send(source, timeout, how)
                case ["take", int(count)]:
                    scene.turn(count)
                case ["cancel", int(at)]:
                    if at < len(scene.tasks):
                        scene.tasks[at].cancel()
                case ["pass", float(seconds)]:
                    await asyncio.sleep(seconds)
                case ["close"]:
                    scene.close()
        await asyncio.sleep(1.0)
        scene.turn(0)
        await asyncio.sleep(5.0)
        assert all(task.done() for task in scene.tasks), "one waits beyond its deadline"
        scene.close()
        # One that was cancelled keeps its error, that its frame, and that a send that was never awaited.
        scene.tasks.clear()
        gc.collect()
        scene.check()

    gc.freeze()  # each example collects: what was there before is not looked at, which is the whole suite
    try:
        in_virtual_time(story)
    finally:
        gc.unfreeze()


def in_virtual_time(story: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(story())


def full() -> Scene:
    scene = Scene()
    for _ in range(LIMIT):
        scene.send(0, 1.0, "now")
    scene.turn(0)
    return scene


def test_one_that_gives_up_before_the_owner_has_looked_is_counted_once() -> None:
    async def story() -> None:
        scene = full()
        scene.send(0, 0.1, "now")
        await asyncio.sleep(1)
        scene.turn(0)
        stats = scene.mailbox.statistics()
        assert (stats.sent, stats.waiting, stats.failed) == (LIMIT + 1, 0, {"deadline_mailbox": 1})
        assert scene.letters == [(LIMIT + 1, "deadline_mailbox")]

    in_virtual_time(story)


@pytest.mark.parametrize(
    ("end", "told"), [(Scene.close, "actor_stopped"), (lambda scene: scene.turn(LIMIT), "delivered")]
)
def test_what_ends_it_at_the_very_instant_of_its_deadline_is_what_its_sender_is_told(
    end: Callable[[Scene], object], told: str
) -> None:
    async def story() -> None:
        scene = full()
        scene.send(0, 0.1, "now")
        # First of the two timers, so that the deadline finds that it has ended; the sender does not run in between.
        asyncio.get_running_loop().call_at(0.1, end, scene)
        await asyncio.sleep(1)
        assert scene.results[LIMIT + 1] == told
        scene.close()
        scene.check()

    in_virtual_time(story)


def test_the_time_of_one_that_is_awaited_late_began_when_it_was_sent() -> None:
    async def story() -> None:
        scene = full()
        waiting = ForeignWaiting(scene.mailbox, Envelope("late"), 0.5, scene._undelivered)
        await asyncio.sleep(0.3)
        with pytest.raises(DeadlineExceeded):
            await waiting
        assert asyncio.get_running_loop().time() == pytest.approx(0.5, abs=0.01)
        over = ForeignWaiting(scene.mailbox, Envelope("later"), 0.5, scene._undelivered)
        await asyncio.sleep(0.6)
        scene.turn(LIMIT)
        with pytest.raises(DeadlineExceeded, match="no time was left"):
            await over
        assert scene.mailbox.statistics().failed == {"deadline_mailbox": 2}

    in_virtual_time(story)


def test_who_awaits_it_beside_one_that_is_cancelled_is_not_told_that_it_was_sent() -> None:
    async def story() -> None:
        scene = full()
        waiting = ForeignWaiting(scene.mailbox, Envelope("twice"), 5.0, scene._undelivered)

        async def wait() -> None:
            await waiting

        first, second = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
        await asyncio.sleep(0.1)
        first.cancel()
        with pytest.raises(SendError, match="cancelled"):
            await second
        scene.turn(LIMIT)
        assert scene.mailbox.statistics().failed == {"cancelled": 1}

    in_virtual_time(story)
