"""Rows of a peer book's file, read and written: what is in a file is checked as what comes from a peer is."""

# It may be of a broken disk, or of anybody who can write there. What a reader raises is the damage of that row alone.
# What a later version may have put there, or this one with a carrier more, is no damage: of a row what can be read is
# read, and an endpoint of a scheme that is not known here stays where it is.

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator

from ...actors.messages import Capability
from ...transports.streams import Endpoint, check_node_id, is_foreign
from ..facts import MAX_SCORE, MIN_SCORE, Ban, ScoreReason, ban_target
from .book import AddressEntry, PeerEntry, Pin

__all__ = [
    "address_of",
    "address_rows",
    "ban_of",
    "ban_row",
    "number_of",
    "peer_of",
    "peer_row",
    "names_a_foreign_place",
    "pin_of",
    "sequence_of",
    "text_of",
]


_REASONS = frozenset(reason.value for reason in ScoreReason)


def peer_of(row: tuple[object, ...], addresses: tuple[AddressEntry, ...]) -> PeerEntry:
    """A peer, with its addresses."""
    node_id, seen, last_connected, inactive, points, points_at, fixed, *more = row
    roles, offers, told_by, told_from, record, connected = more
    if not isinstance(ban_target(text_of(node_id)), str):
        raise ValueError(f"{node_id!r} is no node id")
    by_reason = json.loads(text_of(points))
    if not isinstance(by_reason, dict):
        raise ValueError(f"{by_reason!r} are no points by reason")
    if fixed is not None and not MIN_SCORE <= number_of(fixed) <= MAX_SCORE:
        raise ValueError(f"{fixed!r} is no score")
    return PeerEntry(
        node_id=text_of(node_id),
        seen=number_of(seen),
        addresses=addresses,
        last_connected=None if last_connected is None else number_of(last_connected),
        inactive=text_of(inactive),
        fixed_score=None if fixed is None else number_of(fixed),
        points=tuple(
            (ScoreReason(reason), number_of(value)) for reason, value in by_reason.items() if reason in _REASONS
        ),
        points_at=number_of(points_at),
        roles=_capabilities(roles),
        offers=None if offers is None else _capabilities(offers),
        told_by=None if told_by is None else text_of(told_by),
        told_from=None if told_from is None else text_of(told_from),
        record=None if record is None else _bytes(record),
        connected_for=max(0.0, number_of(connected)),
    )


def names_a_foreign_place(endpoint: object) -> bool:
    """Whether an endpoint of a file is of a scheme that nothing here carries: it is kept, and not read."""
    return isinstance(endpoint, str) and is_foreign(endpoint)


def address_of(row: tuple[object, ...]) -> AddressEntry:
    """An address of one."""
    _, endpoint, sources, last_success, last_failure, failures = row
    if not isinstance(failures, int) or not 0 <= failures < 2**31:
        raise ValueError(f"{failures!r} is no number of failures")
    return AddressEntry(
        endpoint=Endpoint.parse(text_of(endpoint)),
        sources=_texts(sources),
        last_success=None if last_success is None else number_of(last_success),
        last_failure=None if last_failure is None else number_of(last_failure),
        failures=failures,
    )


def ban_of(row: tuple[object, ...]) -> Ban:
    """A ban."""
    target, until, reason, made, automatic = row
    return Ban(
        ban_target(text_of(target)),
        math.inf if until is None else number_of(until),
        text_of(reason),
        None if made is None else number_of(made),
        automatic == 1,
    )


def pin_of(row: tuple[object, ...]) -> Pin:
    """A pin."""
    return Pin(Endpoint.parse(text_of(row[0])), check_node_id(text_of(row[1])))


def peer_row(entry: PeerEntry) -> tuple[object, ...]:
    """What `peer_of` reads."""
    return (
        entry.node_id,
        entry.seen,
        entry.last_connected,
        entry.inactive,
        json.dumps({reason.value: points for reason, points in entry.points}),
        entry.points_at,
        entry.fixed_score,
        json.dumps(entry.roles),
        None if entry.offers is None else json.dumps(entry.offers),
        entry.told_by,
        entry.told_from,
        entry.record,
        entry.connected_for,
    )


def ban_row(ban: Ban) -> tuple[object, ...]:
    """What `ban_of` reads."""
    until = None if ban.until == math.inf else ban.until
    return (str(ban.target), until, ban.reason, ban.made, int(ban.automatic))


def address_rows(entry: PeerEntry) -> list[tuple[object, ...]]:
    """What `address_of` reads, of each address."""
    return [
        (entry.node_id, str(a.endpoint), json.dumps(a.sources), a.last_success, a.last_failure, a.failures)
        for a in entry.addresses
    ]


def text_of(value: object) -> str:
    """A text of a file. Raises ValueError."""
    if not isinstance(value, str) or len(value) > 65_536:
        raise ValueError(f"{str(value)[:40]!r} is no text")
    value.encode()  # nor is a lone surrogate, which JSON has: UnicodeEncodeError, a ValueError
    return value


def _texts(value: object) -> tuple[str, ...]:
    found = json.loads(text_of(value))
    if not isinstance(found, list):
        raise ValueError(f"{str(value)[:40]!r} is no list")
    return tuple(map(text_of, found))


def _capabilities(value: object) -> tuple[str, ...]:
    return tuple(_readable(_texts(value)))


def _readable(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        with contextlib.suppress(ValueError):  # it is of a later grammar, as one that is said in HELLO may be
            yield str(Capability.parse(text))


def number_of(value: object) -> float:
    """A finite number. Raises ValueError."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:40]!r} is no number")
    return float(value)


def sequence_of(value: object) -> int:
    """The number of a record. Raises ValueError."""
    if not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError(f"{str(value)[:40]!r} is no number of a record")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError(f"{str(value)[:40]!r} is no record")
    return value
