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


_MAKE, _RUN, _SEE, _STEER, _SEND, _MORE = (
    "make a program",
    "run a node",
    "see into a running node",
    "steer a running node",
    "send",
    "more",
)

COMMANDS: tuple[CommandEntry, ...] = (
    CommandEntry("new", _MAKE, "make a project that runs and passes its tests, or one more reactor in it", ".new"),
    CommandEntry(
        "describe", _MAKE, "write what a node speaks, as AsyncAPI, JSON Schema, Markdown or a drawing", ".describe"
    ),
    CommandEntry("run", _RUN, "run one node from its configuration, until Ctrl-C or SIGTERM", ".run"),
    CommandEntry("worker", _RUN, "run a process of a node elsewhere, as in another container", ".worker"),
    CommandEntry(
        "keygen", _RUN, "make a new identity (an Ed25519 private key) and print its node id", ".identities:KEYGEN"
    ),
    CommandEntry("id", _RUN, "print the node id of an identity", ".identities:ID"),
    CommandEntry("network-key", _RUN, "make a key that all nodes of a network have", ".network_key"),
    CommandEntry("ca", _RUN, "keep a private authority: issue, renew and revoke the certificates of nodes", ".ca"),
    CommandEntry("ping", _RUN, "see whether a node answers at a place", ".ping"),
    CommandEntry("doctor", _RUN, "look at what usually goes wrong with a node, and say what to do", ".doctor"),
    CommandEntry(
        "schema", _RUN, "show what messages look like to peers; compare an old program with a new one", ".schema"
    ),
    CommandEntry("demo", _RUN, "let several nodes on this machine find each other and sync a file", ".demo"),
    CommandEntry("status", _SEE, "the node as a whole: ready or why not", ".status:STATUS"),
    CommandEntry("peers", _SEE, "who is known, how each fares and why", ".peers:PEERS"),
    CommandEntry("actors", _SEE, "what runs, and how full the mailboxes are", ".actors:ACTORS"),
    CommandEntry("pools", _SEE, "pools of actors, how busy their members are", ".pools:POOLS"),
    CommandEntry("workers", _SEE, "the other processes of the node, and how each of them fares", ".workers:WORKERS"),
    CommandEntry("streams", _SEE, "streams that are open, and who waits for whom in them", ".streams:STREAMS"),
    CommandEntry("patterns", _SEE, "what gossips hold, and which node runs a singleton", ".patterns:PATTERNS"),
    CommandEntry("channels", _SEE, "queues, ages, handling times and sends, by channel", ".channels:CHANNELS"),
    CommandEntry("ledger", _SEE, "what became of every send", ".ledger:LEDGER"),
    CommandEntry("waits", _SEE, "who waits for whom", ".waits:WAITS"),
    CommandEntry("events", _SEE, "what happened, and with -f what happens", ".events:EVENTS"),
    CommandEntry("network", _SEE, "who may come in, and by which rules; read them anew", ".network:NETWORK"),
    CommandEntry("permissions", _SEE, "who may tell, ask and offer what; change it", ".rules:PERMISSIONS"),
    CommandEntry("rates", _SEE, "how much each peer may send; change it", ".rules:RATES"),
    CommandEntry("bans", _SEE, "who is banned, why, and until when", ".bans:BANS"),
    CommandEntry("top", _SEE, "the node on the terminal, with rates, as it changes", ".top:TOP"),
    CommandEntry("dashboard", _SEE, "see and steer the nodes that run here, on a page in the browser", ".dashboard"),
    CommandEntry("resize", _STEER, "let a pool have more members, or fewer", ".levers:RESIZE"),
    CommandEntry("dial", _STEER, "keep a connection to an endpoint, or dial a known peer at once", ".levers:DIAL"),
    CommandEntry("disconnect", _STEER, "part with a peer", ".levers:DISCONNECT"),
    CommandEntry("ban", _STEER, "have nothing to do with a node, an address or a network", ".levers:BAN"),
    CommandEntry("unban", _STEER, "lift a ban", ".levers:UNBAN"),
    CommandEntry("persist", _STEER, "dial an endpoint for ever, and keep a slot for it", ".levers:PERSIST"),
    CommandEntry("seed", _STEER, "dial an endpoint when nobody else is left", ".levers:SEED"),
    CommandEntry("score", _STEER, "fix the rank of a peer", ".levers:SCORE"),
    CommandEntry("offer", _STEER, "offer a role to the peers", ".levers:OFFER"),
    CommandEntry("withdraw", _STEER, "offer a role no longer", ".levers:WITHDRAW"),
    CommandEntry("drain", _STEER, "empty the node: part with everybody, let nobody in", ".levers:DRAIN"),
    CommandEntry("undrain", _STEER, "let peers in again", ".levers:UNDRAIN"),
    CommandEntry("log", _STEER, "log more, or less", ".levers:LOG"),
    CommandEntry("tell", _SEND, "send a message through a running node, or as a guest in its network", ".sends:TELL"),
    CommandEntry("ask", _SEND, "the same, and print the answer", ".sends:ASK"),
    CommandEntry("explain", _MORE, "what an error, a key, a metric or a word means, and what to do", ".explain"),
    CommandEntry("completion", _MORE, "print what lets bash, zsh or fish complete all of this", ".completion"),
)


def command_called(name: str) -> CommandEntry | None:
    """The command of that name."""
    return next((each for each in COMMANDS if each.name == name), None)
