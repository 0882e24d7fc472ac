"""Addresses in messages: where an answer is to go, or who else is meant, said so that it holds wherever it arrives."""

# Law 1: an address travels as its text, and means the same receiver at every node: what is local to its sender gets
#        the id of that node. So nobody reads "local" from the wire, where it would mean somebody else.
# Law 2: what no peer could send to is refused where it is sent, with an error that says why: the ref of an actor
#        without a channel, of another node, of none.
# Law 3: an address from a peer is data, as any other field: its reader sends there in its own name and rights.

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar, get_origin

import msgspec

__all__ = [
    "MAX_ADDRESS",
    "NOWHERE",
    "Destination",
    "HomeNode",
    "Travels",
    "decoder_of",
    "encoder_at",
    "is_destination",
    "never_travels",
    "read_travelling",
    "travels",
    "why_never",
]

M = TypeVar("M")

#: Characters of the text of an address in a message: an id, a reactor's name and a role with a dozen conditions.
MAX_ADDRESS: Final = 1024


class Destination(Generic[M], metaclass=ABCMeta):
    """Whom `tell` and `ask` take as one receiver of `M`, as a field of a message: an `Address`, or a reactor's ref.

    On its own node it is handed over as it is. At another one an `Address` arrives, whichever it was.

    ```python
    class Follow(Message):
        height: int
        reply_to: Destination[Block]

    follow = Follow(7, reply_to=LOCAL / "inbox")
    ```
    """


class HomeNode(Protocol):
    """The node that a message leaves."""

    @property
    def node_id(self) -> str:
        """Its id."""

    def stays(self, reactor: str) -> str | None:
        """Why no peer can send to its actor of that name; None where one can, or nobody is called so yet."""

    def is_home(self, bus: object) -> bool:
        """That bus is the node's."""


class Travels(Protocol):
    """What may stand where a destination is declared."""

    def _travelling(self, home: HomeNode) -> str:
        """The text of its address, as it leaves its node. Raises ValueError, which says why it cannot."""


class _Nowhere:
    """In the place of a node where there is none: a send is only looked at, and goes nowhere."""

    node_id = "0" * 64

    def stays(self, reactor: str) -> str | None:
        del reactor
        return None

    def is_home(self, bus: object) -> bool:
        del bus
        return True


NOWHERE: Final[HomeNode] = _Nowhere()

#: What reads the text of a class whose objects arrive.
_READERS: dict[object, Callable[[str], object]] = {}
#: Classes whose objects do not travel, though one may think so, and why.
_NEVER: dict[object, str] = {}


def travels(cls: type[Travels], read: Callable[[str], object] | None = None) -> None:
    """Objects of that class may stand where a destination is declared. `read`: they arrive, by that of their texts."""
    Destination.register(cls)
    if read is not None:
        _READERS[cls] = _READERS[Destination] = read


def never_travels(cls: type, why: str) -> None:
    """A field of that class is refused, and that is why."""
    _NEVER[cls] = why


def why_never(cls: object) -> str | None:
    """What keeps objects of the class from arriving as what they are; None where nothing does that is known here."""
    if cls in _READERS:
        return None
    if isinstance(cls, type) and issubclass(cls, Destination):
        return f"a {cls.__name__} arrives as an address; declare Destination[…], which takes both"
    return _NEVER.get(cls) if isinstance(cls, type) else None


def is_destination(value: object) -> bool:
    """It may stand where a destination is declared."""
    return isinstance(value, Destination)


def arrives(cls: object) -> bool:
    """Objects of the class arrive, as texts that are read."""
    return cls in _READERS


def encoder_at(home: HomeNode) -> Callable[[object], bytes]:
    """Values as MessagePack, as they leave that node. What it raises is the caller's to explain."""

    def hook(value: Any) -> str:
        if not is_destination(value):
            raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")
        text: str = value._travelling(home)
        if len(text) > MAX_ADDRESS:
            raise ValueError(f"an address of {len(text)} characters, at most {MAX_ADDRESS} travel")
        return text

    return msgspec.msgpack.Encoder(enc_hook=hook).encode


def decoder_of(kind: Any) -> Callable[[bytes | memoryview], Any]:
    """What reads MessagePack as that type, and raises what msgspec raises."""
    return msgspec.msgpack.Decoder(kind, dec_hook=read_travelling).decode


def read_travelling(kind: Any, value: object) -> object:
    """An object that has arrived as text, of the class `kind`: for `dec_hook` of msgspec. Raises ValueError."""
    read = _READERS.get(get_origin(kind) or kind)
    if read is None:
        raise NotImplementedError  # msgspec says which type it is
    if not isinstance(value, str):
        raise ValueError(f"an address is text, not {type(value).__name__}")
    if len(value) > MAX_ADDRESS:
        raise ValueError(f"an address of {len(value)} characters, at most {MAX_ADDRESS} are read")
    return read(value)
