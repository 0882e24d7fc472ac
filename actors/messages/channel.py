"""What a reactor speaks: a name, the message types it declares, and how its queues are bounded.

The types are declared once and hold everywhere: a type checker refuses a send of another type, the mailbox
refuses it at run time, and what arrives from the network is validated against them before anybody sees it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, Generic, TypedDict, TypeVar, Unpack, cast, overload

import msgspec

from ..base import spelled
from .compression_words import COMPRESSIONS, Compression
from .encoding import Unresolved, check_answer, check_travels
from .facts import Fact
from .message import Message
from .rate import Rate
from .request import UNNAMED, answer_named
from .stream import travels_as

__all__ = ["REACTOR_PATTERN", "Channel", "ChannelOptions", "ChannelTuning", "Overflow"]

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
J = TypeVar("J")
K = TypeVar("K")
L = TypeVar("L")
N = TypeVar("N")
P = TypeVar("P")
Q = TypeVar("Q")
T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
W = TypeVar("W")
X = TypeVar("X")
Y = TypeVar("Y")

#: A reactor's name is also a channel's name on the wire and a label in metrics, so it is kept plain.
REACTOR_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
#: Messages in a mailbox. Large enough that a drain batch (64) never empties it, small enough to mean "now".
DEFAULT_MAILBOX = 1024
#: Bytes of encoded messages in a mailbox.
DEFAULT_MAILBOX_BYTES = 16 << 20
#: Messages and bytes one peer may have in flight on one channel (measured: 1 024 costs 2 % against no limit).
DEFAULT_WINDOW = 1024
DEFAULT_WINDOW_BYTES = 1 << 20
#: One encoded message. A channel that carries larger ones says so.
DEFAULT_MAX_MESSAGE = 4 << 20
#: No channel may carry larger ones than this: it bounds what one connection makes its receiver hold.
HARD_MAX_MESSAGE = 16 << 20
#: Values in one encoded message, lists and maps themselves and what is in them: they are made in one turn of the loop,
#: at up to 0.1 µs each, so that one message holds it for some milliseconds.
DEFAULT_MAX_ELEMENTS = 64 << 10
#: No channel may carry messages of more values than this: 0.1 s, and 96 MiB of memory.
HARD_MAX_ELEMENTS = 1 << 20
#: Seconds a send may take when it does not say.
DEFAULT_TIMEOUT = 5.0


class Overflow(Enum):
    """What happens to a message for which a mailbox has no room, named by the outcome.

    Whatever is dropped is counted and reaches dead letters; an ask whose message is dropped always ends with
    `MailboxFull`.

    ```python
    latest = Channel("prices", messages=(Forget,), overflow=Overflow.LATEST)
    ```
    """

    #: The sender waits, until its deadline.
    WAIT = "wait"
    #: The send fails at once with `MailboxFull`.
    REJECT = "reject"
    #: The message that has waited longest is dropped, the new one is taken.
    DROP_OLDEST = "drop_oldest"
    #: The new message is dropped.
    DROP_NEWEST = "drop_newest"
    #: A newer message replaces an older one of the same type from the same sender that still waits, at any time.
    LATEST = "latest"


class ChannelTuning(TypedDict, total=False):
    """What whoever runs a node may set of a channel: all but what its messages mean. See `Channel`.

    ```python
    tuned = Node("bob", tuning={"blocks": {"mailbox": 64, "overflow": Overflow.REJECT}})
    ```
    """

    priority: int
    mailbox: int
    mailbox_bytes: int
    window: int
    window_bytes: int
    overflow: Overflow
    timeout: float
    max_message: int
    max_elements: int
    local: bool
    rate: Rate | None
    compress: Compression | None


class ChannelOptions(ChannelTuning, total=False):
    """What a channel may say beyond its name and its messages; see `Channel`."""

    idempotent: tuple[type, ...]


@spelled
class Channel(Generic[M_contra]):
    """One reactor's channel. The message types are `Message`s, frozen dataclasses or frozen `msgspec.Struct`s.

    `name`: lower-case letters, digits, `.`, `_`, `-`; also the reactor's name in addresses.
    `priority`: 1–255, its share of a connection against the other channels' (weights, nobody starves).
    `mailbox`, `mailbox_bytes`: bounds of the reactor's mailbox, in messages and encoded bytes.
    `window`, `window_bytes`: what one peer may have in flight towards this reactor.
    `overflow`: what happens when the mailbox is full. `timeout`: default seconds of a send or an ask.
    `max_message`: largest encoded message in bytes, at most 16 MiB. `max_elements`: values in one of them, at most 2²⁰.
    `local`: it stays on its node: peers are not told of it and cannot reach it, so its messages may hold anything.
    `rate`: how much one peer may send; None: as the node says.
    `compress`: how messages and answers are compressed between nodes that both say the same, `"zlib"` or `"zstd"` (the
    extra `peerbus[zstd]`); never where a stranger's words and a secret travel on one channel.
    `idempotent`: those of the types that may be handled twice: an ask of them is made again where a peer is gone.

    Raises ValueError where a value is out of range, and TypeError where a type cannot be a message: it is not frozen,
    or a field cannot travel, which is named. Where an annotation names what is not there yet, the first send to a peer
    tells.

    ```python
    blocks = Channel("blocks", messages=(GetBlock, Forget), priority=20, idempotent=(GetBlock,))
    block = await node.ask(Role("archive") / blocks, GetBlock(7))
    ```
    """

    __slots__ = (
        "compress",
        "idempotent",
        "local",
        "mailbox",
        "mailbox_bytes",
        "max_elements",
        "max_message",
        "messages",
        "name",
        "overflow",
        "priority",
        "rate",
        "timeout",
        "types",
        "window",
        "window_bytes",
    )

    # One overload a length, as mypy joins the items of a tuple of any length to `object`. Not as ruff formats it, which
    # takes 260 lines.
    # fmt: off
    @overload
    def __init__(self: Channel[A], name: str, messages: tuple[type[A]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B], name: str, messages: tuple[
        type[A], type[B]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C], name: str, messages: tuple[
        type[A], type[B], type[C]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D], name: str, messages: tuple[
        type[A], type[B], type[C], type[D]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H]],
        **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J]],
        **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K]],
        **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L]],
        **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N]],
        **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | T], name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q], type[T]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | T | U],
                 name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q], type[T], type[U]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | T | U | V],
                 name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q], type[T], type[U], type[V]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | T | U | V | W],
                 name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q], type[T], type[U], type[V], type[W]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | T | U | V | W | X],
                 name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q], type[T], type[U], type[V], type[W], type[X]], **options: Unpack[ChannelOptions]) -> None: ...
    @overload
    def __init__(self: Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | T | U | V | W | X | Y],
                 name: str, messages: tuple[
        type[A], type[B], type[C], type[D], type[E], type[F], type[G], type[H], type[J], type[K], type[L], type[N],
        type[P], type[Q], type[T], type[U], type[V], type[W], type[X], type[Y]],
        **options: Unpack[ChannelOptions]) -> None: ...
    # fmt: on
    @overload
    def __init__(
        self: Channel[M], name: str, messages: tuple[type[M], ...], **options: Unpack[ChannelOptions]
    ) -> None: ...
    def __init__(
        self,
        name: str,
        messages: tuple[type, ...],
        *,
        priority: int = 5,
        mailbox: int = DEFAULT_MAILBOX,
        mailbox_bytes: int = DEFAULT_MAILBOX_BYTES,
        window: int = DEFAULT_WINDOW,
        window_bytes: int = DEFAULT_WINDOW_BYTES,
        overflow: Overflow = Overflow.WAIT,
        timeout: float = DEFAULT_TIMEOUT,
        max_message: int = DEFAULT_MAX_MESSAGE,
        max_elements: int = DEFAULT_MAX_ELEMENTS,
        local: bool = False,
        rate: Rate | None = None,
        compress: Compression | None = None,
        idempotent: tuple[type, ...] = (),
    ) -> None:
        if not REACTOR_PATTERN.fullmatch(name):
            raise ValueError(f"not a channel name: {name!r} (lower-case letters, digits, '.', '_', '-'; at most 63)")
        _check_flag(name, "local", local)
        if not isinstance(rate, Rate | None):
            raise TypeError(f"channel {name!r}: rate is {rate!r}; write Rate(messages=…)")
        _check_types(name, messages, travels=not local)
        for key, value, low, high in (
            ("priority", priority, 1, 255),
            ("mailbox", mailbox, 1, 1 << 20),
            ("mailbox_bytes", mailbox_bytes, 1, 1 << 30),
            ("window", window, 1, 1 << 20),
            ("window_bytes", window_bytes, 1, 1 << 30),
            ("max_message", max_message, 1, HARD_MAX_MESSAGE),
            ("max_elements", max_elements, 1, HARD_MAX_ELEMENTS),
        ):
            _check_number(name, key, value, int, f"it must be an integer, {low} to {high}")
            if not low <= value <= high:
                raise ValueError(f"channel {name!r}: {key} is {value}, it must be {low} to {high}")
        _check_number(name, "timeout", timeout, (int, float), "write seconds, or inf for no limit")
        if not timeout > 0:
            raise ValueError(f"channel {name!r}: timeout is {timeout}, it must be above 0 seconds")
        if not isinstance(overflow, Overflow):
            raise TypeError(f"channel {name!r}: overflow is {overflow!r}; {_one_of(Overflow)}")
        if compress is not None and compress not in COMPRESSIONS:
            right = " or ".join(map(repr, COMPRESSIONS))
            raise ValueError(f"channel {name!r}: compress is {compress!r}; write {right}, or None for no compression")
        for message_type in idempotent:
            if message_type not in messages:
                raise ValueError(f"channel {name!r}: {message_type!r} is idempotent, but not one of its messages")
        self.name: str = name
        self.idempotent: frozenset[type] = frozenset(idempotent)
        self.messages: tuple[type, ...] = messages
        self.types: frozenset[type] = frozenset(messages)
        self.priority: int = priority
        self.mailbox: int = mailbox
        self.mailbox_bytes: int = mailbox_bytes
        self.window: int = window
        self.window_bytes: int = window_bytes
        self.overflow: Overflow = overflow
        self.timeout: float = timeout
        self.max_message: int = max_message
        self.max_elements: int = max_elements
        self.local: bool = local
        self.rate: Rate | None = rate
        self.compress: Compression | None = compress

    def tuned(self, **tuning: Unpack[ChannelTuning]) -> Channel[M_contra]:
        """A channel of the same name and messages, with other bounds. Raises ValueError and TypeError as a new one.

        ```python
        assert Blocks.channel.tuned(priority=50).priority == 50
        ```
        """
        options: dict[str, Any] = {key: getattr(self, key) for key in ChannelTuning.__annotations__}
        options |= cast("dict[str, Any]", tuning)
        return Channel(self.name, self.messages, idempotent=tuple(self.idempotent), **options)

    def __repr__(self) -> str:
        return f"Channel({self.name!r}, {', '.join(t.__name__ for t in self.messages)})"


def _check_number(name: str, key: str, value: object, kind: type | tuple[type, ...], right: str) -> None:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(f"channel {name!r}: {key} is {value!r}; {right}")


def _check_flag(name: str, key: str, value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"channel {name!r}: {key} is {value!r}; write True or False")


def _one_of(words: type[Enum]) -> str:
    return f"write one of {', '.join(map(str, words))}"


def _check_kind(name: str, message_type: Any) -> None:
    """Raise TypeError where this is no class of frozen values."""
    struct = isinstance(message_type, msgspec.StructMeta)
    plain = isinstance(message_type, type) and dataclasses.is_dataclass(message_type)
    if message_type is Message or not (struct or plain):
        raise TypeError(
            f"channel {name!r}: {message_type!r} cannot be a message: "
            "declare it as a class that derives from Message, with annotated fields"
        )
    which = f"channel {name!r}: {message_type.__name__}"
    if struct and (plain or any(isinstance(each, dataclasses.Field) for each in message_type.__struct_defaults__)):
        raise TypeError(
            f"{which} is a Message or msgspec.Struct, for which dataclasses mean nothing: leave @dataclass out, "
            "and write msgspec.field(…) in place of dataclasses.field(…)"
        )
    if struct:
        frozen, how = message_type.__struct_config__.frozen, "with frozen=True"
    else:
        frozen = getattr(getattr(message_type, "__dataclass_params__", None), "frozen", True)
        how = "as @dataclass(frozen=True)"
    if not frozen:
        raise TypeError(
            f"{which} is not frozen; on one node sender and receiver share it, "
            f"so derive it from Message, or declare it {how}"
        )


def _check_types(name: str, messages: Iterable[Any], *, travels: bool) -> None:
    if isinstance(messages, type):
        raise TypeError(f"channel {name!r}: messages is a tuple of types; write messages=({messages.__name__},)")
    seen: set[str] = set()
    for message_type in messages:
        _check_kind(name, message_type)
        if message_type.__name__ in seen:
            raise TypeError(
                f"channel {name!r}: two message types are called {message_type.__name__!r}; "
                "on the wire they are told apart by their names"
            )
        if travels and Fact not in message_type.__bases__:
            check_travels(message_type, f"channel {name!r}: {message_type.__name__}")
        seen.add(message_type.__name__)
    if not seen:
        raise TypeError(
            f"channel {name!r} declares no message types; an actor nobody sends to has no channel: derive it from Actor"
        )
    declared = tuple(messages)
    for message_type in declared if travels else ():
        with contextlib.suppress(Unresolved):
            answer = travels_as(answer_named(message_type))
            if answer is not UNNAMED:
                check_answer(answer, declared, f"channel {name!r}: the answer to {message_type.__name__}")
