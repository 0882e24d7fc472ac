"""Who may come into a network: anybody, the nodes of a list, who has the network's key, members of its authority."""

# Law 1. Every rule that is set must be met: a list beside a key lets in those of the list that have the key.
# Law 2. There is one door, `NetworkGate`, and it stands above the stream: a carrier proves who is there
#        (`Stream.peer_id`), or does not, and knows nothing of rules. So a new carrier cannot forget them.
# Law 3. Where a rule goes by the node id, a stream that proves none is refused: a claim is no proof.

from __future__ import annotations

import enum
from dataclasses import dataclass

from ...actors.base import HandshakeFailed
from .certificate import MemberCertificate
from .credentials import Credentials
from .network_key import NetworkKey
from .trust import Trust

__all__ = ["Demand", "EntryRules", "NetworkGate", "demanded"]


class Demand(enum.IntFlag):
    """What a network wants to be shown before it hears a HELLO."""

    KEY = 1
    CERTIFICATE = 2


def demanded(demand: int) -> str:
    """In words: `a network key and a certificate`."""
    words = {Demand.KEY: "a network key", Demand.CERTIFICATE: "a certificate"}
    return " and ".join(text for each, text in words.items() if demand & each) or "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """The rules of one network at one time, without any: an open one.

    `keys`: the first is the one that this node proves, any will do of a peer. `certificate`: this node's own, which an
    authority of `trust` has issued.
    """

    allow: frozenset[str] | None = None
    keys: tuple[NetworkKey, ...] = ()
    trust: Trust | None = None
    certificate: MemberCertificate | None = None

    @property
    def open(self) -> bool:
        """Anybody may come in."""
        return self.allow is None and not self.demand

    @property
    def demand(self) -> Demand:
        """What has to be shown; nothing in an open network, and where a list alone decides."""
        return (Demand.KEY if self.keys else Demand(0)) | (Demand.CERTIFICATE if self.trust else Demand(0))

    def judge_id(self, proven: str | None) -> None:
        """Before a byte is read: whether the node that a stream proved to be there (None: none) may go on.

        Raises: HandshakeFailed with reason `unproven` or `not_allowed`.
        """
        if proven is None and (self.allow is not None or self.trust is not None):
            what = "lets in certain nodes only" if self.trust is None else "has an authority"
            raise HandshakeFailed("unproven", f"this network {what}, and the carrier does not prove who is there")
        if self.allow is not None and proven not in self.allow:
            raise HandshakeFailed("not_allowed", f"{proven} is not among the nodes that are let in")

    def why_not(self, peer: Credentials, now: float) -> tuple[str, str] | None:
        """Why a peer that was let in may stay no longer: a reason, and a text. `now`: seconds since 1970."""
        if self.allow is not None and (not peer.proven or peer.node_id not in self.allow):
            return "not_allowed", "it is no longer among the nodes that are let in"
        if self.keys and peer.key not in {key.name for key in self.keys}:
            return "network_key", "it has not shown a key that this network has now"
        if self.trust is not None:
            if peer.certificate is None:
                return "certificate", "it has not shown a certificate"
            return self.trust.why_not(peer.certificate, peer.authority, now)
        return None


class NetworkGate:
    """The door of one node: the rules as they are now. Change them here, and judge again who is in."""

    __slots__ = ("rules",)

    def __init__(self, rules: EntryRules | None = None) -> None:
        self.rules: EntryRules = EntryRules() if rules is None else rules
