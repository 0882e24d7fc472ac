"""From an address to receivers: links to peers, the table of them, choice among those of a role."""

from __future__ import annotations

from .awaited import AwaitReceivers, ForgetWait
from .directory import RouterHost, SearchText
from .dispatch import check_how, routed_ask, routed_tell
from .link import Link
from .nobody import not_sent
from .pouring import routed_many
from .receivers import check_address, reaches
from .routes import Routes
from .watches import check_watchable, unwatch, watch

__all__ = [
    "AwaitReceivers",
    "ForgetWait",
    "Link",
    "RouterHost",
    "Routes",
    "SearchText",
    "check_address",
    "check_how",
    "check_watchable",
    "not_sent",
    "reaches",
    "routed_ask",
    "routed_many",
    "routed_tell",
    "unwatch",
    "watch",
]
