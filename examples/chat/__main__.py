"""A chat on a LAN: no server, no addresses.

    python -m chat ada                in one terminal
    python -m chat bob                in another one, on this machine or on another one of the LAN
    python -m chat eve --here         talk to others on this machine only

What is typed goes to everybody in the room. /join ROOM, /leave ROOM, /who, /to NAME TEXT, /quit.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from functools import partial

from peerbus.actors import PeerbusError, Subscription
from peerbus.node import Node

from .messages import Hello, LookAround, Say, SayTo, Shown
from .screen import Screen
from .talk import ROOM, Talk

#: Seconds between signs of life: somebody whose machine is gone is lost within some of these.
HEARTBEAT = 1.0
HELP = "/who  /to NAME TEXT  /join ROOM  /leave ROOM  /quit"


def member(name: str, rooms: list[str], *, network: str, here: bool) -> Node:
    """A node that is in these rooms. It listens at any free port, which mDNS tells the others."""
    return Node(
        name,
        network=network,
        listen=["tcp://127.0.0.1:0" if here else "tcp://0.0.0.0:0"],
        mdns=["127.0.0.1"] if here else True,
        offers=[ROOM + room for room in rooms],
        reactors=[partial(Talk, name)],
        heartbeat=HEARTBEAT,
    )


class Commands:
    """What is typed, done. `room` is the one that plain lines go to."""

    def __init__(self, node: Node, screen: Screen, room: str) -> None:
        self._node, self._screen, self._room = node, screen, room

    def do(self, line: str) -> bool:
        """Whether to go on."""
        word, _, rest = line.partition(" ")
        match word, rest.split():
            case "/quit", []:
                return False
            case "/who", [] if self._room:
                self._node.bus.publish(LookAround(self._room))
            case "/join", [room]:
                self._node.offer(ROOM + room)
                self._room = room
                self._node.bus.publish(LookAround(room))
            case "/leave", [room]:
                if f"{ROOM}{room}" not in self._node.offers:
                    raise ValueError(f"you are not in {room}")
                self._node.withdraw(ROOM + room)
                if room == self._room:  # what is typed goes to another one, if there is one
                    rooms = [offer.removeprefix(ROOM) for offer in self._node.offers]
                    self._room = rooms[-1] if rooms else ""
                    self._screen.show(f"you are in {self._room or 'no room'}", dim=True)
            case "/to", [name, _, *_]:
                self._node.bus.publish(SayTo(name, rest.split(maxsplit=1)[1]))
            case _ if line.startswith("/"):
                self._screen.show(HELP, dim=True)
            case _ if not self._room:
                self._screen.show(f"you are in no room. {HELP}", dim=True)
            case _:
                self._node.bus.publish(Say(self._room, line))
        return True


async def chat(name: str, room: str, *, network: str, here: bool) -> None:
    Hello(name)  # what others would refuse is refused here
    async with member(name, [room], network=network, here=here) as node, Screen() as screen:
        with node.subscribe(Shown) as shown:
            screen.show(f"you are in {room}. {HELP}", dim=True)
            showing = asyncio.create_task(show(screen, shown))
            commands = Commands(node, screen, room)
            try:
                while (line := await screen.line()) is not None:
                    try:
                        if not commands.do(line):
                            break
                    except ValueError as error:
                        screen.show(str(error), dim=True)
            finally:
                showing.cancel()


async def show(screen: Screen, news: Subscription[Shown]) -> None:
    async for line in news:
        screen.show(f"* {line.text}" if line.note else line.text, dim=line.note)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m chat", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="what you call yourself")
    parser.add_argument("--room", default="lobby", help="where you begin (default: lobby)")
    parser.add_argument(
        "--network", default="chat", help="chats of other networks do not see each other (default: chat)"
    )
    parser.add_argument("--here", action="store_true", help="on this machine only")
    options = parser.parse_args()
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, interrupt)
    logging.getLogger("peerbus").setLevel(logging.ERROR)  # the screen is for people
    try:
        asyncio.run(chat(options.name, options.room, network=options.network, here=options.here))
    except (PeerbusError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # `async with` has said goodbye
        sys.exit(130)


def interrupt(_number: int, _frame: object) -> None:
    """Ended by a service manager, or a terminal that is gone: as by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
