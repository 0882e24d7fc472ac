"""`peerbus permissions` and `peerbus rates`: the rules of a running node for its peers, shown and changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from ...actors.base import ConfigError, did_you_mean, printable
from ...actors.mailbox import NO_CHANNEL
from ...transports.rules import Who
from ..api import AllowBody, PermissionsBody, RateBody, RatesBody
from ..client import AdminClient
from .node_command import NodeCommand
from .peer_ids import full_id
from .peer_rights import say_rights
from .shown import ShownChannel, ShownNetwork
from .terminal import Terminal
from .units import positive, whole

__all__ = ["PERMISSIONS", "RATES"]

T = TypeVar("T")

#: In place of somebody: the list is empty.
NOBODY = "nobody"
_UNTIL = "It holds until the node ends, or reads another configuration (SIGHUP)."


async def permissions(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    now = await node.permissions()
    if options.peer is not None:
        flags = ("tell", "ask", "offer", "channel", "role")
        if options.default or any(getattr(options, name) is not None for name in flags):
            raise ConfigError("--peer shows what one peer may do: it goes alone")
        return await say_rights(node, options.peer, terminal, json=options.json)
    meant = await _meant(node, options)
    wanted = _permissions_wanted(now, options, meant)
    if wanted is not None:
        await _known_channel(node, options.channel, now.channels)
        await node.set_permissions(wanted)
        now = await node.permissions()
    if options.json:
        terminal.say_json(now)
    else:
        names = [f"{name} is {node_id}" for name, node_id in meant.items()]
        terminal.say(*map(printable, [*names, *_permission_lines(now)]))
    said = {text for verb in ("tell", "ask", "offer") for text in getattr(options, verb) or ()} - {NOBODY, *meant}
    certified = Who.of(said).certified
    if certified and not (await node.get("/v1/network", ShownNetwork)).authorities:
        text = f"{', '.join(certified)} stands for nobody, as certificates say it and this network has no authority"
        sys.stderr.write(f"{options.prog}: {printable(text)}\n")
    return 0


async def _meant(node: AdminClient, options: argparse.Namespace) -> dict[str, str]:
    """The ids of peers that are written by their names, or by the first digits. Raises ConfigError, RequestRefused."""
    said = {text for verb in ("tell", "ask", "offer") for text in getattr(options, verb) or ()}
    found: dict[str, str] = {}
    for text in sorted(said - {NOBODY}):
        try:
            Who.of([text])
        except ValueError as error:
            if set(text) & set(":=*"):  # it was meant for another thing than a name
                raise ConfigError(str(error)) from None
            try:
                found[text] = await full_id(node, text)
            except ConfigError as none:
                raise ConfigError(f"{error}; or a peer: {none}") from None
    return found


def _permissions_wanted(
    now: PermissionsBody, options: argparse.Namespace, meant: Mapping[str, str]
) -> PermissionsBody | None:
    """What is to hold; None where nothing is to be changed. `meant`: ids of peers by how they are written.

    Raises ConfigError.
    """
    tell, ask, offer = (_listed(getattr(options, name), meant) for name in ("tell", "ask", "offer"))
    if options.channel is not None and options.role is not None:
        raise ConfigError("--channel and --role: write one of them")
    if options.default:
        if (tell, ask, offer) != (None, None, None):
            raise ConfigError("--default takes rules away: it goes with --channel or --role, or alone, and no list")
        if options.channel is not None:
            return replace(now, channels=_without(now.channels, options.channel))
        return PermissionsBody() if options.role is None else replace(now, roles=_without(now.roles, options.role))
    if options.role is not None:
        if offer is None or tell is not None or ask is not None:
            raise ConfigError("--role goes with --offer, and with nothing else: who is believed to offer it")
        return replace(now, roles=now.roles | {options.role: offer})
    if options.channel is not None:
        if offer is not None or (tell, ask) == (None, None):
            raise ConfigError("--channel goes with --tell, --ask, or both: who may on that channel")
        before = now.channels.get(options.channel, AllowBody())
        allow = AllowBody(before.tell if tell is None else tell, before.ask if ask is None else ask)
        return replace(now, channels=now.channels | {options.channel: allow})
    if (tell, ask, offer) == (None, None, None):
        return None
    return replace(
        now,
        tell=now.tell if tell is None else tell,
        ask=now.ask if ask is None else ask,
        offer=now.offer if offer is None else offer,
    )


async def _known_channel(node: AdminClient, name: str | None, ruled: Container[str]) -> None:
    """Raises ConfigError for a channel that the node does not know: a rule for it would hold for nobody."""
    if name is None or name in ruled:
        return
    shown = await node.get("/v1/channels", tuple[ShownChannel, ...])
    known = sorted(each.name for each in shown if each.name != NO_CHANNEL)
    if name not in known:
        meant = did_you_mean(name, known, otherwise=f"; it knows {', '.join(known) or 'none'}")
        raise ConfigError(f"this node knows no channel {name[:80]!r}{meant}")


def _listed(said: Sequence[str] | None, meant: Mapping[str, str]) -> tuple[str, ...] | None:
    if said is None:
        return None
    if NOBODY in said and len(said) > 1:
        raise ConfigError(f"{NOBODY} stands alone")
    return () if NOBODY in said else tuple(meant.get(text, text) for text in said)


def _permission_lines(now: PermissionsBody) -> Iterator[str]:
    if now == PermissionsBody():
        yield "everybody may do everything"
        yield "to change it: peerbus permissions --channel NAME --tell WHO --ask WHO (peerbus explain security)"
        return
    for what, who in (("tell", now.tell), ("ask", now.ask), ("offer", now.offer)):
        yield f"{what:<6} {_who(who)}"
    for name, allow in now.channels.items():
        rules = (("tell", allow.tell), ("ask", allow.ask))
        said = "; ".join(f"{what}: {_who(who)}" for what, who in rules if who is not None)
        yield f"channel {name}  {said or 'as all'}"
    for role, who in now.roles.items():
        yield f"role {role}  {_who(who)}"


def _who(who: Sequence[str]) -> str:
    return ", ".join("everybody" if each == "*" else each for each in who) or NOBODY


async def rates(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    now = await node.rates()
    wanted = _rates_wanted(now, options)
    if wanted is not None:
        await _known_channel(node, options.channel, now.channels)
        await node.set_rates(wanted)
        now = await node.rates()
    if options.json:
        terminal.say_json(now)
    else:
        terminal.say(*map(printable, _rate_lines(now)))
    return 0


def _rates_wanted(now: RatesBody, options: argparse.Namespace) -> RatesBody | None:
    """What is to hold; None where nothing is to be changed. Raises ConfigError."""
    names = ("messages", "messages_burst", "bytes", "bytes_burst", "asks")
    said = {name: value for name in names if (value := getattr(options, name)) is not None}
    if options.none:
        if said:
            raise ConfigError(f"--none is no limit: it goes without {', '.join('--' + _flag(name) for name in said)}")
        if options.channel is None:
            return replace(now, each=None)
        return replace(now, channels=_without(now.channels, options.channel))
    if not said:
        if options.channel is not None:
            raise ConfigError("--channel goes with a limit, as --messages 100, or with --none")
        return None
    rate = RateBody(**said)
    if options.channel is None:
        return replace(now, each=rate)
    return replace(now, channels=now.channels | {options.channel: rate})


def _rate_lines(now: RatesBody) -> Iterator[str]:
    if now == RatesBody():
        yield "no limit but those that channels have of themselves"
        yield "to set one: peerbus rates --messages 1000 --asks 64 (peerbus explain security)"
        return
    yield f"each peer on each channel  {'no limit' if now.each is None else _rate(now.each)}"
    for name, rate in now.channels.items():
        yield f"each peer on {name}  {_rate(rate)}"


def _rate(rate: RateBody) -> str:
    found = []
    for what, value, burst in (
        ("messages", rate.messages, rate.messages_burst),
        ("bytes", rate.bytes, rate.bytes_burst),
    ):
        if value is not None:
            found.append(f"{value:g} {what}/s, {value if burst is None else burst:g} at once")
    if rate.asks is not None:
        found.append(f"{rate.asks} asks in flight")
    return "; ".join(found) or "no limit"


def _without(those: dict[str, T], name: str) -> dict[str, T]:
    if name not in those:
        text = f"there is no rule of its own for {name[:80]!r}; there is for {', '.join(those) or 'none'}"
        raise ConfigError(f"{text}{did_you_mean(name, those)}")
    return {key: value for key, value in those.items() if key != name}


def _flag(name: str) -> str:
    return name.replace("_", "-")


def _permission_arguments(parser: argparse.ArgumentParser) -> None:
    who = '"*", a peer (ID, its first digits, or its name), role:archive, zone=eu, or nobody; the flag again for more'
    parser.add_argument("--tell", metavar="WHO", action="append", help=f"who may tell: {who}")
    parser.add_argument("--ask", metavar="WHO", action="append", help="who may ask")
    parser.add_argument("--offer", metavar="WHO", action="append", help="who is believed to offer roles")
    parser.add_argument("--peer", metavar="ID", help="show what this peer may not do here, and this node not there")
    parser.add_argument("--channel", metavar="NAME", help="on this channel, and not on all that have no rule")
    parser.add_argument("--role", metavar="NAME", help="with --offer: this role, and not all that have no rule")
    parser.add_argument(
        "--default", action="store_true", help="take the rules away: of the channel or the role, else all of them"
    )


def _rate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--messages", metavar="N", type=positive, help="messages a second, in the long run")
    parser.add_argument("--messages-burst", metavar="N", type=whole, help="messages at once (default: as of a second)")
    parser.add_argument("--bytes", metavar="N", type=positive, help="bytes a second")
    parser.add_argument("--bytes-burst", metavar="N", type=whole, help="bytes at once (default: as of a second)")
    parser.add_argument("--asks", metavar="N", type=whole, help="asks in flight")
    parser.add_argument("--channel", metavar="NAME", help="on this channel, and not on all that have no limit")
    parser.add_argument("--none", action="store_true", help="no limit: on the channel its own rule goes")


PERMISSIONS = NodeCommand(
    permissions,
    _permission_arguments,
    "peerbus permissions\n"
    "peerbus permissions --peer bob\n"
    "peerbus permissions --channel blocks --tell role:writer --tell zone=eu --ask '*'\n"
    "peerbus permissions --role archive --offer role:archive\n"
    "peerbus permissions --channel blocks --default",
    "A list replaces the one before. A name is what a connected peer calls itself, which nobody proves: the rule has\n"
    "the id that it stands for now, which is shown. Peers are told what they may not do; what a peer does not let\n"
    f"this node do is what it has said.\n{_UNTIL}",
    json="the rules as JSON: a list that is empty is nobody",
)
RATES = NodeCommand(
    rates,
    _rate_arguments,
    "peerbus rates\n"
    "peerbus rates --messages 1000 --messages-burst 2000 --asks 64\n"
    "peerbus rates --channel blocks --messages 50\n"
    "peerbus rates --channel blocks --none",
    f"What is not said of a limit that is set is no limit.\n{_UNTIL}",
    json="the limits as JSON; null is none",
)
