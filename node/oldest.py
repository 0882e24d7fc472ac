"""How old the oldest message in each mailbox and lane is: by looks, as a message itself knows no time."""

# Law 1. A send pays nothing for this: each look notes of what is not empty how much had come by then.
# Law 2. What is told is a lower bound, too low by less than the time between two looks where one sender fills the
#        mailbox; where several take turns, the oldest may be older. An empty mailbox has no age.

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from ..actors.bus import Bus
from ..actors.mailbox import Mailbox
from ..transports.connection import PeerLink
from ..transports.lanes import OutLane

__all__ = ["Fill", "Oldest", "OldestView", "fills_of"]

#: Notes that are kept of one mailbox: of more the older half is thinned out, so that old ages are known less exactly.
NOTES = 64


class Fill(NamedTuple):
    """A mailbox or lane that is not empty: `look` tells how many it has had in all, and how many of them it has still.

    `group`: under what it is told.
    """

    key: Hashable
    group: tuple[str, str]
    look: Callable[[], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OldestView:
    """Seconds for which the oldest message lies there, at least: by channel here, and by a channel of peers."""

    mailboxes: dict[str, float]
    lanes: dict[str, float]


class _Notes:
    """Of one mailbox: how much had come at which time."""

    __slots__ = ("notes",)

    def __init__(self) -> None:
        self.notes: list[tuple[int, float]] = []

    def add(self, came: int, gone: int, now: float) -> None:
        """So many had come by now, of which so many have gone again."""
        while self.notes and self.notes[0][0] <= gone:
            del self.notes[0]
        if not self.notes or self.notes[-1][0] < came:
            self.notes.append((came, now))
        if len(self.notes) > NOTES:
            del self.notes[1 : NOTES // 2 : 2]

    def since(self, gone: int) -> float | None:
        """When the first that has not gone was there for sure."""
        return next((at for came, at in self.notes if came > gone), None)


class Oldest:
    """See the module. `fills`: what there is that may hold messages; those that hold none may be left out."""

    def __init__(self, fills: Callable[[], Iterable[Fill]]) -> None:
        self._fills = fills
        #: Those that the last look found, with what was noted of each.
        self._known: dict[Hashable, tuple[Fill, _Notes]] = {}

    def look(self, now: float) -> None:
        """Note what has come. To be called once a second or so."""
        before, self._known = self._known, {}
        for fill in self._fills():
            came, left = fill.look()
            if left > 0:
                known = before.get(fill.key)
                notes = _Notes() if known is None else known[1]
                notes.add(came, came - left, now)
                self._known[fill.key] = fill, notes

    def view(self, now: float) -> OldestView:
        """As of now: only what a look has seen has an age."""
        found: dict[str, dict[str, float]] = {"mailbox": {}, "lane": {}}
        for fill, notes in self._known.values():
            came, left = fill.look()
            since = notes.since(came - left) if left > 0 else None
            if since is not None:
                kind, channel = fill.group
                found[kind][channel] = max(found[kind].get(channel, 0.0), now - since)
        return OldestView(found["mailbox"], found["lane"])


def fills_of(bus: Bus) -> Iterator[Fill]:
    """The mailboxes of a bus that are not empty, and the lanes to its peers in which something is under way."""
    for cell in bus.actors.running():
        if cell.mailbox.queued:
            yield Fill(cell.urn, ("mailbox", cell.channel_name), partial(_in_mailbox, cell.mailbox))
    for peer_id, link in bus.routes.peers.items():
        if isinstance(link, PeerLink):
            for name, lane in link.lanes.by_name.items():
                if lane.backlog or lane.unconfirmed:
                    yield Fill((peer_id, name), ("lane", name), partial(_on_lane, lane))


def _in_mailbox(mailbox: Mailbox) -> tuple[int, int]:
    return mailbox.delivered, mailbox.queued


def _on_lane(lane: OutLane) -> tuple[int, int]:
    return lane.sent, lane.backlog + lane.unconfirmed.pending
