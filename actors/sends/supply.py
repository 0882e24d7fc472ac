"""The messages of one `tell_many`, drawn as there is room for them, and how many were accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

__all__ = ["CHUNK", "Supply", "Within"]

#: Messages that are drawn, and looked at, together: about what fits into a frame. More gains nothing, and what a
#: generator has made and nobody has accepted is in memory.
CHUNK = 128


class Supply:
    """Messages in order. A list or tuple is there at once, anything else is drawn as far as somebody takes it.

    Law: what was taken is accepted, put back, or handed on as an outcome; so nothing that was drawn is lost.
    """

    __slots__ = ("_at", "_hand", "_more", "_raised", "accepted", "gives_way")

    def __init__(self, messages: Iterable[object]) -> None:
        #: What is drawn already, from `_at` on.
        self._hand: Sequence[object] = ()
        self._at = 0
        self._more: Iterator[object] | None = None
        #: What a generator raised behind the messages that it had made by then.
        self._raised: BaseException | None = None
        if isinstance(messages, list | tuple):
            self._hand = messages
        else:
            self._more = iter(messages)
        #: Messages that were accepted.
        self.accepted = 0
        #: Enough was accepted in one turn: others are to have theirs.
        self.gives_way = False

    @property
    def generated(self) -> bool:
        """It is no list: how many there are is not known."""
        return self._more is not None

    @property
    def place(self) -> int:
        """The place, in a list, of the message that is next."""
        return self._at

    def take(self, count: int) -> Sequence[object]:
        """The next messages, at most `count`, which is at least 1; none when there are no more.

        Raises whatever a generator raises, once what it made before that was taken.
        """
        if self._at >= len(self._hand) and self._more is not None:
            if self._raised is not None:
                self._more = None
                raise self._raised
            drawn: list[object] = []
            self._hand, self._at = drawn, 0
            try:
                for each in islice(self._more, count):
                    drawn.append(each)  # `extend` of compiled code keeps none where one raises
            except BaseException as error:
                if not drawn:
                    self._more = None
                    raise
                self._raised = error
        taken = self._hand[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def put_back(self, count: int) -> None:
        """The last of those that were taken are next again."""
        self._at -= count

    def keep(self) -> None:
        """The caller may change its list from now on."""
        start = self._at if self.accepted else 0  # else all may be taken once more
        self._hand, self._at = tuple(self._hand[start:]), self._at - start

    def start_again(self) -> None:
        """None was accepted: the first is next again."""
        self._at = 0

    def rest(self) -> Sequence[object]:
        """Take all that is drawn, of a list all that is left."""
        left, self._hand, self._more = self._hand[self._at :], (), None
        return left


class Within:
    """The one deadline of several sends, on the clock of whoever makes them."""

    __slots__ = ("_clock", "seconds", "timeout", "until")

    def __init__(self, clock: Callable[[], float], seconds: float, timeout: float | None) -> None:
        self._clock = clock
        #: Seconds as they were given; None for the channel's.
        self.timeout = timeout
        self.seconds = seconds
        self.until = clock() + seconds

    @property
    def open(self) -> bool:
        """There was time when it began."""
        return self.timeout is None or self.timeout >= 0

    def left(self) -> float:
        """Seconds, at least 0; the timeout itself where that is below, or no number."""
        return max(0.0, self.until - self._clock()) if self.timeout is None or self.timeout >= 0 else self.timeout
