"""Ready-made reactors: parts that many clusters need, written over the bus as anybody could write them."""

from __future__ import annotations

from .gossip import GetGossip, Gossip, GossipOptions, GossipView, gossip_channel
from .singleton import Singleton

__all__ = ["GetGossip", "Gossip", "GossipOptions", "GossipView", "Singleton", "gossip_channel"]
