"""Warns while the node's own certificate comes to its end, so that somebody renews it in time."""

from __future__ import annotations

import math

from ...actors.base import get_logger
from ...transports.admission import MemberCertificate

__all__ = ["OwnEnd"]

log = get_logger("peerbus.discovery")

#: How much of a certificate's time is left when the first warning comes: this part of it, and at most these seconds.
LAST_PART, LAST_SECONDS = 1 / 3, 30 * 86_400.0
#: Seconds between two warnings.
AGAIN = 86_400.0


class OwnEnd:
    """Of the node of this name, for its log."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._told = -math.inf

    def look(self, certificate: MemberCertificate | None, now: float) -> float:
        """Warn where it is time; returns when to look again, in seconds since 1970 as `now` is."""
        if certificate is None:
            return math.inf
        left = certificate.ends - now
        warns_from = min((certificate.ends - certificate.begins) * LAST_PART, LAST_SECONDS)
        if left > warns_from:
            self._told = -math.inf
            return certificate.ends - warns_from
        if now - self._told >= AGAIN or (left <= 0 and self._told < certificate.ends):
            self._told = now
            log.warning(
                "this node's certificate ends" if left > 0 else "this node's certificate has expired",
                node=self._node,
                hours_left=round(left / 3600, 1),
                hint="peerbus ca renew, put the new one in its place, then SIGHUP or peerbus network --reload",
            )
        return min(now + AGAIN, certificate.ends) if left > 0 else now + AGAIN
