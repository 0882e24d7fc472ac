"""From a configuration to a node that runs: checked, hardened, built, served, and read anew."""

from __future__ import annotations

from .build import build_node, known_channels, load_identity, loaded_reactors
from .check import check_report, ignored_variables
from .hardening import FLAG, MEASURES, hardened
from .reload import Reload
from .serving import run_loop, serve

__all__ = [
    "FLAG",
    "MEASURES",
    "Reload",
    "build_node",
    "check_report",
    "hardened",
    "ignored_variables",
    "known_channels",
    "load_identity",
    "loaded_reactors",
    "run_loop",
    "serve",
]
