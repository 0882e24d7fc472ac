"""From an address to receivers: links to peers, the table of them, choice among those of a role."""

from __future__ import annotations

from .ask import routed_ask
from .awaited import AwaitReceivers, ForgetWait
from .directory import CellOf, Directory, RouterHost, SearchText
from .link import Link
from .nobody import no_search, not_sent, offered
from .outward import Outward
from .purpose import Purpose
from .receivers import reaches
from .routes import Routes
from .stream import routed_open, routed_stream
from .tell import routed_tell
from .tell_many import routed_many
from .time_limit import deadline_of, seconds_of
from .watches import check_watchable, unwatch, watch

__all__ = [
    "AwaitReceivers",
    "CellOf",
    "Directory",
    "ForgetWait",
    "Link",
    "Outward",
    "Purpose",
    "RouterHost",
    "Routes",
    "SearchText",
    "check_watchable",
    "deadline_of",
    "no_search",
    "not_sent",
    "offered",
    "reaches",
    "routed_ask",
    "routed_many",
    "routed_open",
    "routed_stream",
    "routed_tell",
    "seconds_of",
    "unwatch",
    "watch",
]
