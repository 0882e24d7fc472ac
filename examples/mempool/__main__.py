"""A mempool: signed transactions come to every miner once, whoever is connected with whom.

python -m mempool demo                  six miners in a ring, payments, a forged one, a miner that comes late
python -m mempool miner ada             a miner, in as many terminals, and on as many machines of the LAN, as you like
python -m mempool pay bob 10 --fee 2    pay bob, at whichever miner is found
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import signal
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peerbus.actors import DeadlineExceeded, PeerbusError, Role
from peerbus.discovery import PeerDown, PeerUp

from .demo import demo
from .mempool import MINER, Mempool
from .messages import Entered, payment
from .nodes import miner_node, wallet_node

#: Seconds that a wallet looks for a miner.
LOOKING = 10.0


async def mine(name: str, network: str, *, here: bool) -> None:
    async with miner_node(name, network, here=here) as node:
        print(f"{name} is a miner; Ctrl-C ends it", flush=True)
        with node.subscribe(Entered, PeerUp, PeerDown) as news:
            async for event in news:
                match event:
                    case Entered(transaction, held):
                        print(f"{transaction}; {held} in the pool", flush=True)
                    case _:
                        print(f"{len(node.peers)} other nodes are there", flush=True)


async def pay(to: str, amount: int, fee: int, network: str, *, here: bool) -> None:
    """By a wallet that is made for this payment alone; a real one keeps its key, and counts."""
    transaction = payment(Ed25519PrivateKey.generate(), secrets.randbits(32), to, amount, fee)
    async with wallet_node(network, here=here) as node:
        try:
            await node.ask(Role(MINER) / Mempool, transaction, wait_for_peer=True, timeout=LOOKING)
        except DeadlineExceeded:
            sys.exit("no miner is there: python -m mempool miner ada")
    print(transaction)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m mempool", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | miner | pay")
    there = argparse.ArgumentParser(add_help=False)
    there.add_argument("--network", default="mempool", help="nodes of other networks do not meet (default: mempool)")
    there.add_argument("--here", action="store_true", help="on this machine only")
    show = commands.add_parser("demo", help="all of it at once")
    show.add_argument("--miners", type=int, default=6, choices=range(3, 33), metavar="3…32", help="(default: 6)")
    show.add_argument("--payments", type=int, default=20, help="(default: 20)")
    commands.add_parser("miner", parents=[there], help="run a miner").add_argument("name")
    paying = commands.add_parser("pay", parents=[there], help="pay somebody")
    paying.add_argument("to")
    paying.add_argument("amount", type=int)
    paying.add_argument("--fee", type=int, default=1, help="for the miner (default: 1)")
    options = parser.parse_args()
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, interrupt)
    logging.getLogger("peerbus").setLevel(logging.ERROR)
    match options.command:
        case "demo":
            running = demo(options.miners, options.payments)
        case "miner":
            running = mine(options.name, options.network, here=options.here)
        case _:
            running = pay(options.to, options.amount, options.fee, options.network, here=options.here)
    try:
        asyncio.run(running)
    except (PeerbusError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # `async with` has ended the nodes in order
        sys.exit(130)


def interrupt(_number: int, _frame: object) -> None:
    """Ended by a service manager, or a terminal that is gone: as by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
