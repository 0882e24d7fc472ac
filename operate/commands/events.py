"""`peerbus events`: what happened on a node, and with `-f` what happens."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial

from ...actors.base import printable
from ..api import EventView
from ..client import AdminClient, EventsMissed, NodeBack, NodeLost
from .node_command import NodeCommand
from .peer_ids import short_id
from .terminal import Colour, Terminal
from .units import whole

__all__ = ["EVENTS"]

#: An id of a node, wherever it stands: of each the first digits are shown, as in every table.
_NODE_ID = re.compile(r"\b[0-9a-f]{64}\b")
#: Events that are shown, where nobody says how many.
SHOWN = 20
_COLOURS = {
    **dict.fromkeys(("PeerUp", "RequirementMet", "PeerUnbanned", "ListenerRestored", "BookRecovered"), Colour.GOOD),
    **dict.fromkeys(
        ("PeerDown", "PeerNotReached", "PeerRefused", "ActorRestarted", "FailedOver", "PoolResized"), Colour.NOTABLE
    ),
    **dict.fromkeys(
        (
            "PeerBanned",
            "RequirementUnmet",
            "ListenerLost",
            "BookFailed",
            "ActorFailure",
            "HandlerStalled",
            "LostMessage",
        ),
        Colour.BAD,
    ),
}


async def events(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    kinds = tuple(filter(None, options.kinds.split(",")))
    kept = await node.events(options.after, kinds)
    shown = kept if options.after else kept[len(kept) - min(len(kept), options.last) :]
    for event in shown:
        _show(event, options, terminal)
    if not options.follow:
        return 0
    # What happened since, and was not asked for, is none of the last ones either.
    last = kept[-1].number if kept else options.after
    async with aclosing(node.follow(last, kinds)) as feed:
        async for item in feed:
            _show(item, options, terminal)
    return 0


def _show(
    item: EventView | EventsMissed | NodeLost | NodeBack, options: argparse.Namespace, terminal: Terminal
) -> None:
    match item:
        case EventView() if options.json:
            terminal.say_json(item, indent=0)
        case EventView():
            terminal.say(_line(item, terminal))
        case EventsMissed(count):
            _aside(f"{count} events were missed")
        case NodeLost(why):
            _aside(f"{printable(why)}; waiting for the node")
        case NodeBack(restarted):
            _aside("the node has started anew" if restarted else "the node is there again")


def _aside(text: str) -> None:
    """What is no event goes where errors go."""
    sys.stderr.write(f"peerbus events: {text}\n")
    sys.stderr.flush()


def _line(event: EventView, terminal: Terminal) -> str:
    at = datetime.fromtimestamp(event.at).astimezone()
    kind = terminal.paint(f"{printable(event.kind):<16}", _COLOURS.get(event.kind))
    time = terminal.paint(f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}", Colour.FAINT)
    return f"{time}  {kind}  {_fields(event.event)}".rstrip()


def _fields(event: object) -> str:
    if not isinstance(event, Mapping):
        return printable(str(event))
    return "  ".join(
        f"{printable(str(name))}={_value(value)}" for name, value in event.items() if value not in (None, "")
    )


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"({_fields(value)})"
    if isinstance(value, list):
        return f"[{', '.join(printable(str(each)) for each in value)}]"
    text = _NODE_ID.sub(lambda found: short_id(found[0]), printable(str(value)))
    return repr(text) if " " in text or not text else text


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on, also when the node restarts, until Ctrl-C")
    parser.add_argument(
        "-n",
        "--last",
        metavar="N",
        type=partial(whole, least=0),
        default=SHOWN,
        help="how many of those that are kept (default: 20)",
    )
    parser.add_argument(
        "--after", metavar="NUMBER", type=partial(whole, least=0), default=0, help="all that are newer than that one"
    )
    parser.add_argument("--kinds", metavar="KINDS", default="", help="only these, as PeerUp,PeerDown")


EVENTS = NodeCommand(
    events,
    _arguments,
    "peerbus events -n 100\npeerbus events -f --kinds PeerUp,PeerDown,PeerBanned\npeerbus events -f --json | jq .kind",
    "A node keeps the last 2000. Times are local; --json has the seconds since 1970, and the number of each event.",
    "one event a line, as JSON",
)
