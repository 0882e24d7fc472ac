"""Gossip: an item that enters at one node comes to every node that offers the role, once."""

from __future__ import annotations

from .core import MAX_WANTED, GossipCore
from .gossip import Gossip, NodeGossip
from .messages import BUCKETS, Carried, Digest, GetGossip, GossipView, Have, Prune, Push, Want, gossip_channel
from .options import GossipOptions
from .store import item_id

__all__ = [
    "BUCKETS",
    "MAX_WANTED",
    "Carried",
    "Digest",
    "GetGossip",
    "Gossip",
    "GossipCore",
    "GossipOptions",
    "GossipView",
    "Have",
    "NodeGossip",
    "Prune",
    "Push",
    "Want",
    "gossip_channel",
    "item_id",
]
