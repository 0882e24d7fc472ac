"""`peerbus network`: who may come to a running node, and by which rules; read them anew, revoke certificates."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ...actors.base import ConfigError, date_text, printable
from ..client import AdminClient
from .node_command import NodeCommand
from .shown import ShownNetwork
from .terminal import Terminal

__all__ = ["NETWORK"]


async def network(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    """See the module."""
    if options.revoke is not None:
        result = await node.revoke(_text(options.revoke))
        done = result.text or "taken, and told to all peers"
        terminal.say_json(result, indent=0) if options.json else terminal.say(printable(done))
        return 0
    if options.reload:
        await node.reload_network()
    if options.json:
        terminal.say_json(await node.get("/v1/network", object))
    else:
        terminal.say(*map(printable, _lines(await node.get("/v1/network", ShownNetwork))))
    return 0


def _lines(found: ShownNetwork) -> Iterator[str]:
    yield f"{found.name} {found.policy}"
    if found.open:
        yield "to close it: [network] allow, network_key, or authority and certificate (peerbus explain security)"
    if found.allow is not None:
        yield f"allow        {len(found.allow)} nodes"
        yield from (f"             {each}" for each in found.allow)
    for number, key in enumerate(found.keys):
        yield f"network_key  {key}, {'which this node proves' if not number else 'which it takes'}"
    for each in found.authorities:
        gone = f", {each.revoked} certificates revoked by list {each.list_number}" if each.list_number else ""
        yield f"authority    {each.name}, until {date_text(each.ends)}{gone}"
    if found.certificate is not None:
        own = found.certificate
        yield f"certificate  {own.serial}, until {date_text(own.ends)}, by {own.issuer}"
        if own.roles:
            yield f"roles        {', '.join(own.roles)}"
        if own.attributes:
            yield f"attributes   {', '.join(f'{key}={value}' for key, value in own.attributes.items())}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError:
        raise ConfigError(f"{path} is no list of revoked certificates, as peerbus ca revoke writes it") from None


def _arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--reload",
        action="store_true",
        help="read [network] of its configuration anew, and ids, keys, certificates (as SIGHUP, which reads all else)",
    )
    what.add_argument(
        "--revoke", metavar="FILE", type=Path, help="take what `peerbus ca revoke` wrote, and tell all peers"
    )


NETWORK = NodeCommand(
    network,
    _arguments,
    "peerbus network\npeerbus network --reload\npeerbus network --revoke ca/revoked.pem",
    "Rules that cannot be change nothing, and are said on standard error, with exit status 2.",
)
