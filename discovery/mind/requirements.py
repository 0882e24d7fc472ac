"""What the operator requires of the connected peers as a whole, and which of them that makes indispensable."""

# Law 1. A requirement moves somebody only where that brings it closer to being met, and no other one further away. So
#        each replacement adds to what is met, their number is bounded, and nothing goes to and fro.
# Law 2. A peer that a requirement needs leaves for nobody. Nobody is parted with for a share without a better one at
#        hand.
# Law 3. What counts is what a handshake said; what finders claim only says which to dial first.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..facts import Bans, Require, RequirementMet, RequirementUnmet
from ..peer import KnownPeer, PeerState
from .advertising import roles_of
from .slots import Slots

__all__ = ["Needs", "RequirementView", "RequirementWatch", "views_of"]


@dataclass(frozen=True, slots=True)
class RequirementView:
    """One requirement now. `reason` says why it is not met ("" where it is), and `text` the same for people.

    `on_its_way` while somebody is dialed, `unknown` where nobody else that is known offers it, `waiting` where one that
    does waits out a backoff or for its turn, `no_slot` where every slot is taken.
    """

    require: Require
    have: int
    want: int
    reason: str = ""
    text: str = ""

    @property
    def met(self) -> bool:
        """Whether there are enough."""
        return self.have >= self.want


class Needs:
    """The requirements beside the peers of one moment."""

    def __init__(self, requires: Iterable[Require], peers: Iterable[KnownPeer]) -> None:
        self.requires = tuple(requires)
        self._have = dict.fromkeys((require.role for require in self.requires), 0)
        self._coming = dict.fromkeys(self._have, 0)
        self._connected = 0
        if not self.requires:
            return
        for peer in peers:
            if peer.linked and peer.state is not PeerState.EVICTING:
                self._connected += 1
                if peer.understood:
                    self._count(self._have, peer)
            elif peer.state is PeerState.DIALING:
                self._count(self._coming, peer)

    def _count(self, counts: dict[str, int], peer: KnownPeer) -> None:
        for role in roles_of(peer):
            if role in counts:
                counts[role] += 1

    def have(self, require: Require) -> int:
        """How many connected peers offer it, and can be sent to."""
        return self._have[require.role]

    def want(self, require: Require) -> int:
        """How many should, of as many as are connected."""
        return require.wanted(self._connected)

    def coming(self, require: Require) -> int:
        """How many are being dialed that are said to offer it."""
        return self._coming[require.role]

    @property
    def lacking(self) -> bool:
        """Whether one of them is not met."""
        return any(self.have(require) < self.want(require) for require in self.requires)

    def helps(self, roles: Iterable[str], *, ignoring_dials: bool = False) -> bool:
        """Whether a newcomer with these roles brings a requirement closer to being met, dials that are out included."""
        roles = frozenset(roles)
        return any(
            require.role in roles
            and self.have(require) + (0 if ignoring_dials else self.coming(require)) < self.want(require)
            for require in self.requires
        )

    def spares(self, peer: KnownPeer) -> bool:
        """Whether every requirement is as far met without this connected peer."""
        if not self.requires or not peer.understood:
            return True
        roles = roles_of(peer)
        return not any(
            require.role in roles and self.have(require) - 1 < self.want(require) for require in self.requires
        )


class RequirementWatch:
    """Remembers what subscribers were told of each requirement, so that they are told once."""

    def __init__(self) -> None:
        self._told: dict[Require, str] = {}

    def review(self, views: Iterable[RequirementView]) -> tuple[RequirementMet | RequirementUnmet, ...]:
        """What to tell of these. That somebody is being dialed is no news."""
        news: list[RequirementMet | RequirementUnmet] = []
        for view in views:
            state = "met" if view.met else view.reason
            if state != "on_its_way" and self._told.get(view.require) != state:
                self._told[view.require] = state
                news.append(_news_of(view))
        return tuple(news)


def _news_of(view: RequirementView) -> RequirementMet | RequirementUnmet:
    if view.met:
        return RequirementMet(view.require, view.have, view.want)
    return RequirementUnmet(view.require, view.have, view.want, view.reason, view.text)


def views_of(
    needs: Needs, peers: Iterable[KnownPeer], bans: Bans, now: float, slots: Slots
) -> tuple[RequirementView, ...]:
    """Each requirement as it is now, and why where it is not met."""
    everyone = list(peers) if needs.requires else []
    full = not slots.may_dial(kept=False)
    return tuple(_view(require, needs, everyone, bans, now, full=full) for require in needs.requires)


def _view(
    require: Require, needs: Needs, peers: list[KnownPeer], bans: Bans, now: float, *, full: bool
) -> RequirementView:
    have, want = needs.have(require), needs.want(require)
    if have >= want:
        return RequirementView(require, have, want)
    lacking = f"{want - have} more must offer {require.role}"
    foreign = sum(peer.linked and not peer.understood and require.role in roles_of(peer) for peer in peers)
    if foreign:
        lacking += f" (of those that do, {foreign} declare other messages on their channels: nothing can be sent there)"
    if needs.coming(require):
        return RequirementView(require, have, want, "on_its_way", f"{lacking}; {needs.coming(require)} are dialed")
    idle = [
        peer
        for peer in peers
        if peer.state is PeerState.IDLE
        and peer.node_id is not None
        and require.role in roles_of(peer)
        and peer.addresses
        and not peer.inactive
        and bans.of(peer.node_id, None, now) is None
    ]
    if not idle:
        return RequirementView(require, have, want, "unknown", f"{lacking}, and nobody else that is known does")
    if all(min(max(a.backoff.until, peer.retry_at) for a in peer.addresses) > now for peer in idle):
        return RequirementView(
            require, have, want, "waiting", f"{lacking}; the {len(idle)} known wait for the next dial"
        )
    if not full:
        dialed = {peer.dial.endpoint for peer in peers if peer.dial is not None}
        if any(address.endpoint in dialed for peer in idle for address in peer.addresses):
            return RequirementView(require, have, want, "on_its_way", f"{lacking}; where one is known is being dialed")
        text = f"{lacking}; the {len(idle)} known have not had their turn to be dialed"
        return RequirementView(require, have, want, "waiting", text)
    text = f"{lacking}; {len(idle)} are known, but every slot is taken by peers that are needed or kept"
    return RequirementView(require, have, want, "no_slot", text)
