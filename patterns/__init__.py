"""Ready-made reactors: parts that many clusters need, written over the bus as anybody could write them."""

from __future__ import annotations

from .gossip import Gossip
from .gossip_messages import GetGossip, GossipView, gossip_channel
from .gossip_options import GossipOptions
from .singleton import Singleton

__all__ = ["GetGossip", "Gossip", "GossipOptions", "GossipView", "Singleton", "gossip_channel"]
