"""From a configuration to a node that runs: checked, hardened, built, served, and read anew."""

from __future__ import annotations

from .build import build_node, known_channels, load_identity, loaded_reactors
from .check import check_report, ignored_variables
from .hardening import FLAG, MEASURES, hardened, missing_lines
from .reload import Reload
from .serving import run_loop, serve
from .worker_hardening import missing_of_worker

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
    "missing_lines",
    "missing_of_worker",
    "run_loop",
    "serve",
]
