"""The commands of `peerbus`, in the order in which its help lists them, and where each of them is."""

# Law: what a command takes, and does, is imported when it is the one that is called. So a version that is printed does
#      not wait for TLS and multicast DNS, and an extra that is not installed is missed by the command that needs it.

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

__all__ = ["COMMANDS", "CommandBody", "CommandEntry", "command_called"]


class CommandBody(Protocol):
    """What a command is made of: a module, or a value in one."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Tell the parser what it takes; its help is `parser.epilog`."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it; return the exit status. Raises PeerbusError, which becomes one line."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One command. `place`: `module`, or `module:NAME`, in this package, as `.identities:KEYGEN`."""

    name: str
    group: str
    text: str
    place: str

    def load(self) -> CommandBody:
        """Import it."""
        module, _, name = self.place.partition(":")
        found: object = import_module(module, __package__)
        return cast("CommandBody", getattr(found, name) if name else found)


_RUN = "run a node"
_SEE = "see into a node that runs"

COMMANDS: tuple[CommandEntry, ...] = (
    CommandEntry("run", _RUN, "run one node from its configuration, until Ctrl-C or SIGTERM", ".run"),
    CommandEntry(
        "keygen", _RUN, "make a new identity (an Ed25519 private key) and print its node id", ".identities:KEYGEN"
    ),
    CommandEntry("id", _RUN, "print the node id of an identity", ".identities:ID"),
    CommandEntry("ping", _RUN, "see whether a node answers at a place", ".ping"),
    CommandEntry("doctor", _RUN, "look at what usually goes wrong with a node, and say what to do", ".doctor"),
    CommandEntry(
        "schema", _RUN, "show what messages look like to peers; compare an old program with a new one", ".schema"
    ),
    CommandEntry("demo", _RUN, "let several nodes on this machine find each other and sync a file", ".demo"),
    CommandEntry("dashboard", _SEE, "see and steer the nodes that run here, on a page in the browser", ".dashboard"),
)


def command_called(name: str) -> CommandEntry | None:
    """The command of that name."""
    return next((each for each in COMMANDS if each.name == name), None)
