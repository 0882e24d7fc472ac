"""The client of the admin API: finds a running node, looks at it, steers it, and follows what happens there."""

from __future__ import annotations

from .admin_client import AdminClient
from .caller import PAGE, AdminCaller, api_path
from .errors import AdminError, AnswerMalformed, NodeNotFound, NodeNotReached, RequestRefused
from .event_feed import EventsMissed, NodeBack, NodeLost
from .finding import NodeHere, find_node, nodes_here
from .http_client import HttpConnection
from .target import AdminTarget

__all__ = [
    "PAGE",
    "AdminCaller",
    "AdminClient",
    "AdminError",
    "AdminTarget",
    "AnswerMalformed",
    "EventsMissed",
    "HttpConnection",
    "NodeBack",
    "NodeHere",
    "NodeLost",
    "NodeNotFound",
    "NodeNotReached",
    "RequestRefused",
    "api_path",
    "find_node",
    "nodes_here",
]
