"""Whom a network with an authority lets in: members whose certificate one of its authorities vouches for, now."""

# Law 1. A certificate counts for the node that the carrier has proven to be there, and for no other.
# Law 2. All authorities that are named count alike, so that one can take the place of another without a gap.
# Law 3. What was let in is judged again by the same rule whenever a rule, a list or the time changes.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self

from ...actors.base import HandshakeFailed
from .certificate import AuthorityCertificate, MemberCertificate, loaded_certificate
from .revocations import RevocationList

__all__ = ["CLOCK_SKEW", "Trust"]

#: Seconds that a certificate may begin in the future, as clocks differ.
CLOCK_SKEW: Final = 300.0


@dataclass(frozen=True, slots=True)
class Trust:
    """See the module. `revoked`: of each authority the newest list that is known."""

    authorities: tuple[AuthorityCertificate, ...]
    revoked: tuple[RevocationList, ...] = ()

    def member(self, der: bytes, node_id: str, now: float) -> tuple[MemberCertificate, str]:
        """The certificate that this node showed, and the authority that vouches for it. `now`: seconds since 1970.

        Raises: HandshakeFailed with reason `certificate`, `expired` or `revoked`.
        """
        if not der:
            raise HandshakeFailed("certificate", "it shows no certificate of an authority of this network")
        try:
            loaded = loaded_certificate(der)
            certificate = MemberCertificate.of(loaded)
        except ValueError as error:
            raise HandshakeFailed("certificate", str(error)) from error
        if certificate.node_id != node_id:
            raise HandshakeFailed("certificate", f"it shows a certificate of another node, {certificate.node_id}")
        issuer = next((each for each in self.authorities if each.issued(loaded)), None)
        if issuer is None:
            raise HandshakeFailed("certificate", f"no authority of this network has issued it: {certificate.issuer}")
        why = self.why_not(certificate, issuer.key_id, now)
        if why is not None:
            raise HandshakeFailed(*why)
        return certificate, issuer.key_id

    def why_not(self, certificate: MemberCertificate, authority: str, now: float) -> tuple[str, str] | None:
        """Why a certificate that this authority has issued counts no longer, or not yet: a reason, and a text."""
        issuer = next((each for each in self.authorities if each.key_id == authority), None)
        if issuer is None:
            return "certificate", "its authority is none of this network any more"
        if any(each.authority == authority and certificate.serial in each.serials for each in self.revoked):
            return "revoked", f"its certificate {certificate.serial:x} is revoked"
        if certificate.begins > now + CLOCK_SKEW:
            return "certificate", f"its certificate begins in {certificate.begins - now:.0f} s"
        if certificate.ends <= now:
            return "expired", f"its certificate has expired {now - certificate.ends:.0f} s ago"
        if issuer.ends <= now:
            return "expired", f"the certificate of its authority {issuer.name} has expired"
        return None

    def ends_of(self, certificate: MemberCertificate, authority: str) -> float:
        """When that certificate will count no longer, should nothing else happen; in seconds since 1970."""
        return min([certificate.ends, *(each.ends for each in self.authorities if each.key_id == authority)])

    def knows(self, der: bytes) -> bool:
        """Whether this very list is known already."""
        return any(each.der == der for each in self.revoked)

    def with_lists(self, lists: Iterable[RevocationList]) -> Self:
        """The same with these lists, as far as they are newer; itself where none is."""
        newest = {each.authority: each for each in self.revoked}
        for each in lists:
            if each.authority not in newest or each.number > newest[each.authority].number:
                newest[each.authority] = each
        revoked = tuple(newest.values())
        return self if revoked == self.revoked else replace(self, revoked=revoked)
