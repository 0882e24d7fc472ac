"""What is known of a peer's right to be here: what rules of permission go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from .certificate import MemberCertificate

__all__ = ["Credentials"]

_NO_ROLES: Final[frozenset[str]] = frozenset()
_NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Of one peer, when it was let in; a later one takes its place where the peer has a new certificate.

    `proven`: the carrier proved that the peer is this node, nobody just says so. `certificate`: what it showed in a
    network with an authority; `authority`: the id of the key that has signed it. `key`: the name of the network key
    that it has. The certificate's time is over when its connection is.
    """

    node_id: str
    proven: bool
    certificate: MemberCertificate | None = None
    authority: str = ""
    key: str = ""

    @property
    def certified(self) -> bool:
        """Whether an authority of this network vouches for it."""
        return self.certificate is not None

    @property
    def roles(self) -> frozenset[str]:
        """The roles that its certificate names; none without one."""
        return _NO_ROLES if self.certificate is None else self.certificate.roles

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes that its certificate names; none without one."""
        return _NO_ATTRIBUTES if self.certificate is None else self.certificate.attributes
