"""What the command line says above a configuration's file: the flags of `peerbus run` and of `peerbus worker`."""

from __future__ import annotations

import argparse
import os

from ...node import logs
from ...node.config import Override, from_environment, from_words

__all__ = ["add_settings", "settings_said"]


def add_settings(parser: argparse.ArgumentParser) -> None:
    """`--set`, `--log-level` and `--json-logs`."""
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="stands above the file and the environment; the value is TOML, or a text (may be repeated)",
    )
    parser.add_argument("--log-level", choices=list(logs.LEVELS), help="instead of [log] level")
    parser.add_argument("--json-logs", action="store_true", help="one JSON object a line, instead of [log] format")


def settings_said(options: argparse.Namespace) -> list[Override]:
    """What the environment sets, and above it what `--set` does. Raises ConfigError for a word that is none."""
    return [*from_environment(os.environ), *from_words(options.set)]
