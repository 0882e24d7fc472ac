"""What the node's rules come to for one connection: judged once for each channel, and again when the rules change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ...actors.base import get_logger
from ...actors.messages import Rate
from ..lanes import InLane
from ..rules import PeerRules, Rights, Subject
from ..wire import ChannelInfo
from .rate_keeping import RateKeeping

__all__ = ["Ruling", "refusals_of", "refused_on"]

log = get_logger("peerbus.transports")


class Ruling:
    """For the peer `subject`, as it has proven itself so far. `node`, `peer_id`: for the log."""

    __slots__ = ("_node", "_peer_id", "_rates", "_rules", "_told", "subject")

    def __init__(
        self, rules: PeerRules, subject: Subject, node: str, peer_id: str, rates: RateKeeping | None = None
    ) -> None:
        self._rules = rules
        self.subject = subject
        self._node = node
        self._rates = rates
        self._peer_id = peer_id
        #: What the log has of it.
        self._told: tuple[object, ...] = ({}, ())

    def judge(self, lane: InLane) -> None:
        """Say of a channel what the peer may do on it, from now on."""
        rights: Rights = self._rules.permissions.on(lane.info.name, self.subject)
        lane.allow(tell=rights.tell, ask=rights.ask)
        if self._rates is not None:
            self._rates.judge(lane)

    def announced(self, info: ChannelInfo, own: Rate | None) -> ChannelInfo:
        """A channel as this peer is told of it: by its own rate, and with what the peer may not do there."""
        info = info if self._rates is None else self._rates.announced(info, own)
        return self._rules.refusing(info, self.subject)

    def believes(self, role: str) -> bool:
        """Whether the peer's word is taken for offering a role."""
        return self._rules.permissions.believes(role, self.subject)

    def disbelieved(self, said: Sequence[str]) -> tuple[str, ...]:
        """Of what the peer says that it offers, what its word is not taken for."""
        believed = self._rules.permissions.believed(said, self.subject)
        return tuple(offer for offer in said if offer not in believed)

    def judge_anew(
        self, lanes: Iterable[InLane], said: Sequence[str], shut_out: Callable[[InLane], object] = id
    ) -> None:
        """The rules are other ones. `shut_out` ends what goes on for long on a channel on which the peer may not ask
        (any more); an ask that is worked on is answered.
        """
        for lane in lanes:
            self.judge(lane)
            if lane.asking is not lane.codec:
                shut_out(lane)
        if self._rates is not None:
            self._rates.judge_items()
        self.tell_log(lanes, said)

    def tell_log(self, lanes: Iterable[InLane], said: Sequence[str]) -> None:
        """Let the log have what is refused, where that is something else than what it has."""
        refused, disbelieved = refusals_of(lanes), self.disbelieved(said)
        if (refused, disbelieved) != self._told:
            self._told = refused, disbelieved
            log.info(
                "rules for a peer",
                node=self._node,
                peer=self._peer_id,
                refused={name: list(verbs) for name, verbs in refused.items()},
                disbelieved=list(disbelieved),
            )


def refused_on(lanes: Iterable[InLane]) -> tuple[tuple[int, int], ...]:
    """The same as the peer is told of it: by the number of the channel, in bits."""
    return tuple((lane.index, lane.refused_bits) for lane in lanes if lane.open and lane.refused_bits)


def refusals_of(lanes: Iterable[InLane]) -> Mapping[str, tuple[str, ...]]:
    """By channel, what the peer may not do on it: `tell`, `ask`, or both."""
    return {lane.info.name: lane.refuses for lane in lanes if lane.open and lane.refuses}
