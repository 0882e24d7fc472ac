"""A look reads what it shows, which a node tells under these names, and imports nothing of what a node is made of."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import typing

import msgspec
import pytest
from admin_client import PATIENCE
from pairs import Pair

from peerbus.actors.actor_page import ActorView
from peerbus.actors.engine import HistogramView
from peerbus.actors.mailbox import Account, Ledger
from peerbus.actors.sends import WaitView
from peerbus.discovery.mind import BanView, PeerView, RequirementView
from peerbus.operate.api import ChannelView, ConnectionPage, NodeOverview
from peerbus.operate.commands import shown
from peerbus.transports import ConnectionStatistics, Endpoint

#: Modules of the package that all looks together import: it has some five hundred. Few more is right, twice is not.
MODULES = 76
LOOKS = """
import sys
from peerbus.operate.cli import main
for look in ("status", "peers", "channels", "actors", "ledger", "waits", "events", "bans"):
    for more in ([], ["--json"]):
        assert main([look, "--node", sys.argv[1], "--timeout", "60", *more]) == 0, look
told = {name.partition(".")[0] for name in sys.modules} & {"cryptography", "zeroconf", "structlog", "rich"}
print("imported:", sum(name.startswith("peerbus") for name in sys.modules), *told)
"""


async def test_all_looks_together_import_few_modules(pair: Pair) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", LOOKS, pair.socket, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(4 * PATIENCE):
        out, _ = await process.communicate()
    assert process.returncode == 0
    word, count, *heavy = out.decode().splitlines()[-1].split()
    assert (word, heavy) == ("imported:", [])
    assert int(count) <= MODULES


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (shown.ShownNode, NodeOverview),
        (shown.ShownPeer, PeerView),
        (shown.ShownConnection, ConnectionStatistics),
        (shown.ShownPage, ConnectionPage),
        (shown.ShownRequirement, RequirementView),
        (shown.ShownBan, BanView),
        (shown.ShownActor, ActorView),
        (shown.ShownChannel, ChannelView),
        (shown.ShownAccount, Account),
        (shown.ShownHistogram, HistogramView),
        (shown.ShownLedger, Ledger),
        (shown.ShownWait, WaitView),
        (shown.ShownPlace, Endpoint),
    ],
)
def test_what_is_read_is_told_under_that_name(read: type[msgspec.Struct], told: type) -> None:
    _is_told(read, told)


def _is_told(read: type[msgspec.Struct], told: type) -> None:
    types = typing.get_type_hints(told)
    assert dataclasses.is_dataclass(told)
    for name, kind in typing.get_type_hints(read).items():
        assert name in types, f"{told.__name__} tells no {name}"
        for inner, other in zip(_classes(kind), _classes(types[name]), strict=False):
            if issubclass(inner, msgspec.Struct):
                _is_told(inner, other)


def _classes(kind: object) -> list[type]:
    """The classes in an annotation, in their order."""
    if arguments := typing.get_args(kind):
        return [each for argument in arguments for each in _classes(argument)]
    return [kind] if isinstance(kind, type) else []


@pytest.mark.parametrize(
    "text", ["tcp://10.0.0.2:7400", "tcp://[fe80::1]:7400", "unix:///run/bob.sock", "memory://bob"]
)
def test_a_place_is_written_as_an_endpoint_is(text: str) -> None:
    told = msgspec.json.encode(Endpoint.parse(text))
    assert str(msgspec.json.decode(told, type=shown.ShownPlace)) == text
