"""What a program writes for a pool: a factory, as a class of actors is one, for `Node`, `Bus` and `spawn`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from ..actor import Actor
from ..base import spelled
from ..engine import Body
from ..messages import Channel, Key, Supervision
from .plan import MAX_STREAMS_OF_MEMBER, Combine, Dispatcher, PoolPick, PoolPlan, first
from .pool_keeper import PoolKeeper
from .resizer import Resizer, check_members

__all__ = ["Pool"]

A = TypeVar("A", bound=Actor)


@spelled
class Pool(Generic[A]):
    """Several actors of one kind behind one address: `Node(reactors=[Pool(Hash, threads=4)])`, `LOCAL / Hash`.

    `factory`: a class of actors, or a `functools.partial` of one. How many, and where they run: `members` where the
    class says, `threads` on a thread each, or `processes` in a process each, which takes a node.
    `pick`: `"least"` sends each message to the member with the least to do, `"all"` to all of them; a function of the
    message says which of the two, or a `Key`: what has the same key goes to the same member, in the order in which it
    was sent. What has none waits in the pool's mailbox while each member has a message to handle and `prefetch` more.
    An ask that all get is answered with what `combine` makes of their answers, in the order of the members (default:
    the first one's). `resizer`: by which rule it changes its size; else it is changed by `ResizePool` alone.
    A generator runs beside its member's next messages; each member answers at most `streams` of them at a time, and
    what is opened beyond waits for a place, until its deadline.
    `supervision` is of the pool as a whole, whose members have what their class says, each for itself.
    Raises TypeError and ValueError for what makes no pool.

    ```python
    class Hash(Message, Request[bytes]):
        data: bytes

    class Hasher(Reactor):
        channel = Channel("hash", messages=(Hash,))

        @handles(Hash)
        def digest(self, wanted: Hash) -> bytes:
            return wanted.data[::-1]

    async with Bus(reactors=[Pool(Hasher, threads=2)]) as bus:
        assert await bus.ask(LOCAL / Hasher, Hash(b"ab")) == b"ba"
    ```
    """

    def __init__(
        self,
        factory: Callable[[], A],
        *,
        members: int | None = None,
        threads: int | None = None,
        processes: int | None = None,
        pick: PoolPick = "least",
        combine: Combine = first,
        resizer: Resizer | None = None,
        prefetch: int = 1,
        streams: int = MAX_STREAMS_OF_MEMBER,
        supervision: Supervision | None = None,
    ) -> None:
        kind = _class_of(factory)
        kind.check_whole()
        rule: object = resizer  # whatever a program without type checks gives
        if rule is not None and not isinstance(rule, Resizer):
            raise TypeError(f"resizer is {rule!r}; write Resizer(upper=8)")
        size, dispatcher = _size_of(kind, members, threads, processes, resizer)
        _check_pick(pick)
        if not callable(combine):
            raise TypeError(f"combine is {combine!r}; write a function of the list of answers, as sum")
        plan = PoolPlan(factory, size, dispatcher, pick, combine, resizer, _prefetch_of(prefetch), _streams_of(streams))
        #: What the members take.
        self.__channel__: Channel[Any] | None = kind.__channel__
        said: dict[str, object] = {"plan": plan, "channel": kind.__channel__, "__module__": PoolKeeper.__module__}
        said["supervision"] = Supervision() if supervision is None else supervision
        if kind.__channel__ is None:
            said |= {each: getattr(kind, each) for each in ("mailbox_limit", "mailbox_bytes", "overflow")}
        self._keeper = type(f"{kind.__name__}Pool", (PoolKeeper,), said)

    def __call__(self) -> A:
        """Make the actor behind the pool's address, whose ref and address take what a member takes."""
        return cast("A", self._keeper())

    @property
    def plan(self) -> PoolPlan:
        """The pool as it was written."""
        return cast("type[PoolKeeper]", self._keeper).plan

    def __repr__(self) -> str:
        return f"<Pool of {self._keeper.__name__.removesuffix('Pool')}, {self.plan.size} members>"


def _class_of(factory: object) -> type[Body]:
    made: object = getattr(factory, "func", factory)  # of a partial
    if isinstance(made, type) and issubclass(made, Actor) and not issubclass(made, PoolKeeper):
        return made
    name = getattr(factory, "__name__", repr(factory))
    raise TypeError(
        f"a pool is of a class of actors, not of {name}: Pool(Hash, members=4); with arguments "
        "Pool(functools.partial(Hash, …), members=4)"
    )


def _size_of(
    kind: type[Body], members: object, threads: object, processes: object, resizer: Resizer | None
) -> tuple[int, Dispatcher | None]:
    given: dict[str, tuple[object, Dispatcher | None]] = {
        "members": (members, None),
        "threads": (threads, "thread"),
        "processes": (processes, "process"),
    }
    said = {name: each for name, each in given.items() if each[0] is not None}
    if len(said) != 1:
        told = " and ".join(said) or "none of them"
        raise TypeError(f"a pool has members, threads or processes, as in Pool({kind.__name__}, threads=4); not {told}")
    ((name, (count, dispatcher)),) = said.items()
    size = check_members(name, count)
    if resizer is not None and not resizer.lower <= size <= resizer.upper:
        raise ValueError(f"{name} is {size}, and the resizer's bounds are {resizer.lower} to {resizer.upper}")
    return size, dispatcher


def _prefetch_of(prefetch: object) -> int:
    if not isinstance(prefetch, int) or isinstance(prefetch, bool):
        raise TypeError(f"prefetch is {prefetch!r}; write a number of messages, 0 or more")
    if prefetch < 0:
        raise ValueError(f"prefetch is {prefetch}; write a number of messages, 0 or more")
    return prefetch


def _streams_of(streams: object) -> int:
    if not isinstance(streams, int) or isinstance(streams, bool):
        raise TypeError(
            f"streams is {streams!r}; write how many a member answers at a time, 1 to {MAX_STREAMS_OF_MEMBER}"
        )
    if not 1 <= streams <= MAX_STREAMS_OF_MEMBER:
        raise ValueError(f"streams is {streams}; a member answers 1 to {MAX_STREAMS_OF_MEMBER} at a time")
    return streams


def _check_pick(pick: object) -> None:
    if isinstance(pick, Key):
        raise TypeError(f"pick={pick!r} would send everything to one member; write pick=lambda message: Key(message.…)")
    if pick not in ("least", "all") and not callable(pick):
        raise TypeError(
            f"pick is {pick!r}; write 'least', 'all', or a function of the message that returns one or a Key"
        )
