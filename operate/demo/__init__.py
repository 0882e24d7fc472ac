"""The demonstration: nodes, each a process of its own, find each other and sync a file; one is killed midway."""

from __future__ import annotations

from .audience import Audience
from .broker import nats_server_path
from .carriers import CARRIERS, DEFAULT_CARRIER
from .multicast import check_multicast
from .progress import Display
from .report import DemoResult, as_json, as_table
from .scenario import DEFAULT_NODES, DEFAULT_SIZE, DEFAULT_TIMEOUT, DemoPlan, Scenario

__all__ = [
    "CARRIERS",
    "DEFAULT_CARRIER",
    "DEFAULT_NODES",
    "DEFAULT_SIZE",
    "DEFAULT_TIMEOUT",
    "Audience",
    "DemoPlan",
    "DemoResult",
    "Display",
    "Scenario",
    "as_json",
    "as_table",
    "check_multicast",
    "nats_server_path",
]
