"""Keeps the rules of a network that is not open: judges again who is in, and passes on what is renewed or revoked.

A newcomer is judged at the door, by the same rules (`peerbus.transports.admission`). No tasks but those of its sends;
one timer, for the next certificate that expires.
"""

# Law 1. Whoever is in keeps to the rules as they are now: whatever changes them, all are judged again in the same turn.
# Law 2. A list of revoked certificates is passed on by whoever hears it first, to all others; each is told once, as it
#        counts only where its number is higher. So all hear it in as many steps as the network is wide.
# Law 3. Of what a peer says here nothing counts but what an authority has signed.

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from ...actors.actor import Actor
from ...actors.base import HandshakeFailed, SendError, get_logger, wall_clock
from ...actors.engine import Ending, Ref, Timer, handles
from ...actors.messages import LOCAL, Directive, Peer, Supervision
from ...actors.router import LinkChanged, LinkUp
from ...transports.admission import (
    Credentials,
    EntryRules,
    MemberCertificate,
    NetworkGate,
    RevocationList,
)
from ...transports.sending import PeerLink
from ..facts import PEERS_ACTOR, PeerCertified, ReportPeer, ScoreReason
from ..mind import ClosePeer, LeverResult
from .own_end import OwnEnd
from .talk import CertificateShown, Heard, ListShown, NetworkTalk

__all__ = ["KEEPER_ACTOR", "NetworkKeeper", "SetRules", "TakeList"]

log = get_logger("peerbus.discovery")

#: The name under which it runs on a node's bus.
KEEPER_ACTOR = "peerbus.admission"
#: Seconds between two looks at the calendar, at most: it may be set, and no timer is told.
LOOK_AT_CALENDAR = 60.0
#: Seconds that a word to one peer may wait for room there.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class SetRules:
    """From the operator: these are the rules from now on. A LeverResult answers."""

    rules: EntryRules


@dataclass(frozen=True, slots=True)
class TakeList:
    """From the operator: a list as in `ListShown`. A LeverResult answers; refused: `already`, `not_kept`."""

    revoked: bytes


@dataclass(frozen=True, slots=True)
class _Tick:
    """Some certificate may have expired."""


@dataclass(frozen=True, slots=True)
class _Show:
    """Say this to that peer, or to all (None) but one."""

    message: CertificateShown | ListShown
    to: str | None = None
    but: str = ""


class NetworkKeeper(Actor):
    """See the module. `gate` has the rules; `keep` is told of lists that came from peers, to be there after a restart.

    `keep` returns why it could not. While there is an authority, `NetworkTalk` runs beside it.
    """

    ends_in: ClassVar[Ending | None] = Ending.SERVICE
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.RESUME)

    def __init__(self, gate: NetworkGate, keep: Callable[[tuple[RevocationList, ...]], str]) -> None:
        super().__init__()
        self._gate = gate
        self._keep = keep
        self._peers = LOCAL / PEERS_ACTOR
        #: Links that were told what this node knows: a new one to the same peer is told again.
        self._told: dict[str, PeerLink] = {}
        #: This node has another certificate than at its start, so somebody may know an older one.
        self._renewed = False
        self._own_end = OwnEnd(self.bus.name)
        self._timer: Timer | None = None
        self._talk: Ref[NetworkTalk] | None = None

    def on_start(self) -> None:
        """Listen for connections, and begin with those that are there."""
        self.bus.subscribe_actor(self.actor_ref, LinkUp, LinkChanged)
        self._talks()
        self._look()
        self._judge()

    def _talks(self) -> None:
        """Peers may say what concerns the authority, from the first time on that there is one."""
        if self._talk is None and self._gate.rules.trust is not None:
            self._talk = self.spawn(lambda: NetworkTalk(LOCAL / KEEPER_ACTOR))

    # Who is in.

    @handles(LinkUp, LinkChanged)
    def _link_changed(self, _: LinkUp | LinkChanged) -> None:
        self._look()
        self._judge()

    def _links(self) -> Iterable[PeerLink]:
        return [link for link in self.bus.routes.peers.values() if isinstance(link, PeerLink)]

    def _look(self) -> None:
        """Tell newcomers what they may not have heard."""
        links = {link.peer_id: link for link in self._links()}
        self._told = {node_id: link for node_id, link in self._told.items() if links.get(node_id) is link}
        rules = self._gate.rules
        for node_id, link in links.items():
            if node_id in self._told or not link.has(NetworkTalk.channel.name):
                continue
            self._told[node_id] = link
            for each in rules.trust.revoked if rules.trust else ():
                self.actor_ref.tell(_Show(ListShown(each.der), node_id))
            if self._renewed and rules.certificate is not None:
                self.actor_ref.tell(_Show(CertificateShown(rules.certificate.der), node_id))

    def _why_not(self, link: PeerLink) -> tuple[str, str] | None:
        peer = link.credentials or Credentials(node_id=link.peer_id, proven=False)
        return self._gate.rules.why_not(peer, wall_clock())

    def _judge(self) -> None:
        """Part with those that the rules let in no longer, and wake up when the next certificate ends."""
        rules, now, next_end = self._gate.rules, wall_clock(), math.inf
        for link in self._links():
            peer, why = link.credentials, self._why_not(link)
            if why is not None:
                reason, text = why
                log.warning("a peer may stay no longer", node=self.bus.name, peer=link.peer_id, reason=reason, why=text)
                self.tell(self._peers, ClosePeer(link.peer_id, reason, drain=0.0))
            elif rules.trust is not None and peer is not None and peer.certificate is not None:
                next_end = min(next_end, rules.trust.ends_of(peer.certificate, peer.authority))
        next_end = min(next_end, self._own_end.look(rules.certificate, now))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if next_end < math.inf:
            self._timer = self.after(min(max(next_end - now, 0.05), LOOK_AT_CALENDAR), _Tick())

    @handles(_Tick)
    def _tick(self, _: _Tick) -> None:
        self._judge()

    # What changes.

    @handles(SetRules)
    def _set_rules(self, command: SetRules) -> LeverResult:
        before, rules = self._gate.rules, command.rules
        if rules.trust is not None and before.trust is not None:
            # What was revoked stays so, whatever an older file says.
            authorities = {each.key_id for each in rules.trust.authorities}
            known = [each for each in before.trust.revoked if each.authority in authorities]
            rules = replace(rules, trust=rules.trust.with_lists(known))
        self._gate.rules = rules
        self._talks()
        if rules.certificate is not None and rules.certificate != before.certificate:
            self._renewed = True
            self.actor_ref.tell(_Show(CertificateShown(rules.certificate.der)))
        for each in rules.trust.revoked if rules.trust else ():
            if before.trust is None or not before.trust.knows(each.der):
                self.actor_ref.tell(_Show(ListShown(each.der)))
        self._judge()
        return LeverResult(True)

    @handles(Heard)
    def _heard(self, heard: Heard) -> bool:
        if isinstance(heard.message, CertificateShown):
            return self._certificate_shown(heard.node_id, heard.message)
        return self._list_shown(heard.node_id, heard.message)

    def _certificate_shown(self, node_id: str, message: CertificateShown) -> bool:
        rules = self._gate.rules
        link = self.bus.routes.peers.get(node_id)
        if rules.trust is None or not isinstance(link, PeerLink) or link.credentials is None:
            return False
        try:
            certificate, authority = rules.trust.member(message.certificate, node_id, wall_clock())
        except HandshakeFailed as error:
            # The older one counts for as long as it lasts: its authority may be one that this node learns of later.
            log.warning(
                "a new certificate does not count",
                node=self.bus.name,
                peer=node_id,
                reason=error.reason,
                why=error.text,
            )
            self.tell(self._peers, ReportPeer(node_id, ScoreReason.USELESS))
            return False
        if certificate == link.credentials.certificate:
            return False
        link.credentials = replace(link.credentials, certificate=certificate, authority=authority)
        log.info("a peer has a new certificate", node=self.bus.name, peer=node_id, **_shown(certificate))
        self.bus.publish(PeerCertified(node_id, tuple(sorted(certificate.roles)), certificate.ends))
        self._judge()
        return True

    def _list_shown(self, node_id: str, message: ListShown) -> bool:
        rules = self._gate.rules
        if rules.trust is None or rules.trust.knows(message.revoked):
            return False
        try:
            return self._take(message.revoked, told_by=node_id)[0]
        except ValueError as error:
            log.warning("a list of revoked certificates counts not", node=self.bus.name, peer=node_id, why=str(error))
            self.tell(self._peers, ReportPeer(node_id, ScoreReason.USELESS))
            return False

    @handles(TakeList)
    def _take_list(self, command: TakeList) -> LeverResult:
        try:
            newer, problem = self._take(command.revoked, told_by="")
        except ValueError as error:
            return LeverResult(False, "malformed", str(error))
        if not newer:
            return LeverResult(False, "already", "a list that is as new is known here")
        return (
            LeverResult(True, "not_kept", f"all hear of it, a restart of this node does not: {problem}")
            if problem
            else LeverResult(True)
        )

    def _take(self, der: bytes, *, told_by: str) -> tuple[bool, str]:
        """Whether this list is news, which all hear then; and why it was not kept. Raises: ValueError for no list."""
        rules = self._gate.rules
        if rules.trust is None:
            raise ValueError("this network has no authority")
        listed = RevocationList.read(der, rules.trust.authorities)
        trust = rules.trust.with_lists([listed])
        if trust is rules.trust:
            return False, ""
        self._gate.rules = replace(rules, trust=trust)
        problem = self._keep(trust.revoked)
        log.warning(
            "certificates are revoked",
            node=self.bus.name,
            authority=listed.authority,
            number=listed.number,
            certificates=len(listed.serials),
            told_by=told_by or "the operator",
            **({"not_kept": problem} if problem else {}),
        )
        self.actor_ref.tell(_Show(ListShown(der), but=told_by))
        self._judge()
        return True, problem

    @handles(_Show, reentrant=True)
    async def _show(self, show: _Show) -> None:
        for link in self._links():
            if show.to not in (None, link.peer_id) or show.but == link.peer_id:
                continue
            if not link.has(NetworkTalk.channel.name) or self._why_not(link) is not None:
                continue
            try:
                await self.tell(Peer(link.peer_id) / NetworkTalk, show.message, timeout=PATIENCE)
            except SendError as error:  # a new connection hears it anew
                log.debug("a peer was not told", node=self.bus.name, peer=link.peer_id, why=str(error))


def _shown(certificate: MemberCertificate) -> dict[str, object]:
    return {"serial": f"{certificate.serial:x}", "ends": certificate.ends, "roles": sorted(certificate.roles)}
