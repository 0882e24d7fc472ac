"""What the operator lets peers do: who may send, ask and offer what, and how much; decided ahead, never per message."""

from __future__ import annotations

from .peer_buckets import PeerBuckets
from .peer_rates import PeerRates
from .peer_rules import PeerRules
from .permissions import Allow, Permissions, Rights
from .subject import Subject
from .who import WHO_EXAMPLE, Who

__all__ = ["WHO_EXAMPLE", "Allow", "PeerBuckets", "PeerRates", "PeerRules", "Permissions", "Rights", "Subject", "Who"]
