"""The levers of a running node as commands: dial, ban, persist, seed, score, offer, drain and their opposites."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from math import isfinite

from ...actors.base import ConfigError, printable
from ...discovery.facts import ban_target
from ...discovery.mind import LeverResult
from ...node.logs import LEVELS
from ...node.node_arguments import dialed_of
from ..client import AdminClient
from .node_command import NodeCommand
from .peer_ids import full_id, short_id
from .terminal import Terminal
from .units import seconds_in, span, whole

__all__ = [
    "BAN",
    "DIAL",
    "DISCONNECT",
    "DRAIN",
    "LOG",
    "OFFER",
    "PERSIST",
    "RESIZE",
    "SCORE",
    "SEED",
    "UNBAN",
    "UNDRAIN",
    "WITHDRAW",
]

#: Does what is asked for; returns what came of it, and what was done in words.
Pulls = Callable[[AdminClient, argparse.Namespace], Awaitable[tuple[LeverResult, str]]]


def _lever(
    pulls: Pulls, arguments: Callable[[argparse.ArgumentParser], object], examples: str, text: str = ""
) -> NodeCommand:
    async def ask(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
        result, done = await pulls(node, options)
        if result.text:  # it took effect, and not as it should
            done = f"{done}; {result.text}"
        terminal.say_json(result, indent=0) if options.json else terminal.say(printable(done))
        return 0

    refused = "What the node refuses is said on standard error, with exit status 1."
    return NodeCommand(ask, arguments, examples, f"{text}\n{refused}" if text else refused)


def _endpoint(text: str) -> str:
    """An endpoint, looked at before the node is: Raises ConfigError."""
    return str(dialed_of("ENDPOINT", text))


async def _dial(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    if "://" in options.to:
        to = _endpoint(options.to)
        return await node.dial(to), f"{to} is dialed, and kept"
    try:
        node_id = await full_id(node, options.to)
    except ConfigError as error:
        raise ConfigError(f"{error}; nor an endpoint, as tcp://10.0.0.2:7400") from None
    return await node.dial(node_id), f"{short_id(node_id)} is dialed now"


async def _disconnect(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    node_id = await full_id(node, options.peer)
    return await node.disconnect(node_id, options.reason), f"parted with {short_id(node_id)}"


async def _ban(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    seconds = None if options.duration is None else seconds_in("--for", options.duration, unit_needed=True)
    target = await _target(node, options.target)
    until = "for ever" if seconds is None else f"for {span(seconds)}"
    return await node.ban(target, seconds, options.reason), f"{target} is banned {until}"


async def _unban(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    target = await _target(node, options.target, banned=True)
    return await node.unban(target), f"{target} is banned no longer"


async def _target(node: AdminClient, text: str, *, banned: bool = False) -> str:
    """A network or an address as it is written, else the id of a peer, of which the first digits are enough."""
    text = text.rstrip("…")
    try:
        return str(ban_target(text))
    except ValueError as error:
        if banned:
            found = [ban.target for ban in await node.bans() if len(text) >= 4 and ban.target.startswith(text)]
            if len(found) == 1:
                return found[0]
        try:
            return await full_id(node, text)
        except ConfigError as wrong:
            raise ConfigError(f"{error}; {wrong}") from None


async def _persist(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    to = _endpoint(options.endpoint)
    done = f"{to} is insisted on no longer" if options.remove else f"{to} is dialed for ever, and a slot is kept for it"
    return await node.persist(to, on=not options.remove), done


async def _seed(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    to = _endpoint(options.endpoint)
    return await node.seed(to, on=not options.remove), f"{to} is {'no seed any more' if options.remove else 'a seed'}"


async def _score(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    node_id = await full_id(node, options.peer)
    if options.score == "earned":
        return await node.score(node_id, None), f"what {short_id(node_id)} earns counts again"
    try:
        score = float(options.score)
        if not isfinite(score):
            raise ValueError
    except ValueError:
        raise ConfigError(f"SCORE is {options.score[:40]!r}; write a number, or earned") from None
    return await node.score(node_id, score), f"the score of {short_id(node_id)} is {score:g}, whatever it does"


async def _offer(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    return await node.offer(options.capability), f"{options.capability} is offered"


async def _withdraw(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    return await node.withdraw(options.role), f"{options.role} is offered no longer"


async def _resize(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    done = f"{options.pool} has {options.members} members from now on"
    return await node.resize(options.pool, options.members), done


async def _drain(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    within = seconds_in("--within", options.within)
    return await node.drain(within), "the node is empty: it dials nobody and lets nobody in, until peerbus undrain"


async def _undrain(node: AdminClient, _options: argparse.Namespace) -> tuple[LeverResult, str]:
    return await node.undrain(), "the node lets peers in again"


async def _log(node: AdminClient, options: argparse.Namespace) -> tuple[LeverResult, str]:
    return await node.log_level(options.level), f"the node logs from {options.level} up"


def _takes_peer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("peer", metavar="ID", help="of the peer: the first digits of its id, or its name")


def _takes_endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("endpoint", metavar="ENDPOINT", help="tcp://host:port, tcp://<node id>@host:port, unix:///path")
    parser.add_argument("--remove", action="store_true", help="take it back")


def _takes_reason(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--reason", metavar="WORD", default="operator", help=text)


def _dial_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "to", metavar="ENDPOINT|ID", help="tcp://host:port, or a known peer: the first digits of its id, or its name"
    )


def _disconnect_arguments(parser: argparse.ArgumentParser) -> None:
    _takes_peer(parser)
    _takes_reason(parser, "what the peer is told (default: operator)")


def _ban_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="TARGET", help="a peer's id (the first digits are enough) or name, 10.1.0.7, 10.1.0.0/16"
    )
    parser.add_argument("--for", metavar="TIME", dest="duration", help="90s, 10m, 2h, 7d (default: for ever)")
    _takes_reason(parser, "what the book of bans says (default: operator)")


def _unban_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help="as it was banned; of an id the first digits are enough")


def _score_arguments(parser: argparse.ArgumentParser) -> None:
    _takes_peer(parser)
    parser.add_argument("score", metavar="SCORE", help="a number; earned: what the peer earns counts again")


def _resize_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pool", metavar="POOL", help="its name, as peerbus pools says it")
    parser.add_argument("members", metavar="MEMBERS", type=whole, help="how many it is to have")


def _drain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--within", metavar="TIME", default="5", help="for what is under way with peers (default: 5)")


DIAL = _lever(
    _dial,
    _dial_arguments,
    "peerbus dial tcp://10.0.0.2:7400\npeerbus dial 3f2a91",
    "An endpoint is kept as a persistent peer is; a known peer is dialed at once, without waiting out its backoff.",
)
DISCONNECT = _lever(_disconnect, _disconnect_arguments, "peerbus disconnect 3f2a91 --reason maintenance")
BAN = _lever(_ban, _ban_arguments, "peerbus ban 10.1.0.0/16 --for 10m --reason loud\npeerbus ban 3f2a91")
UNBAN = _lever(_unban, _unban_arguments, "peerbus unban 10.1.0.0/16")
PERSIST = _lever(
    _persist, _takes_endpoint, "peerbus persist tcp://10.0.0.2:7400\npeerbus persist tcp://10.0.0.2:7400 --remove"
)
SEED = _lever(_seed, _takes_endpoint, "peerbus seed tcp://10.0.0.3:7400\npeerbus seed tcp://10.0.0.3:7400 --remove")
SCORE = _lever(
    _score, _score_arguments, "peerbus score 3f2a91 50\npeerbus score 3f2a91 -- -20\npeerbus score 3f2a91 earned"
)
OFFER = _lever(
    _offer,
    lambda parser: parser.add_argument("capability", metavar="CAPABILITY", help="archive, archive{from=1000}"),
    "peerbus offer 'archive{from=1000}'",
)
WITHDRAW = _lever(
    _withdraw, lambda parser: parser.add_argument("role", metavar="ROLE", help="archive"), "peerbus withdraw archive"
)
RESIZE = _lever(
    _resize,
    _resize_arguments,
    "peerbus resize hash 8",
    "Members that leave handle what they have got. A pool that changes its size by a rule goes on from there.",
)
DRAIN = _lever(_drain, _drain_arguments, "peerbus drain --within 30", "Before a node is stopped or upgraded.")
UNDRAIN = _lever(_undrain, lambda parser: None, "peerbus undrain")
LOG = _lever(
    _log,
    lambda parser: parser.add_argument("level", metavar="LEVEL", choices=list(LEVELS), help=", ".join(LEVELS)),
    "peerbus log debug",
    "Until the node restarts.",
)
