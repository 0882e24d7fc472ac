"""A command that asks a running node: its flags, how the node is found, and how the command ends."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from ...actors.base import ConfigError
from ...node.process_signals import ProcessSignals
from ..client import AdminClient, RequestRefused, find_node
from .terminal import Terminal
from .units import seconds_in

__all__ = ["NodeCommand", "until_signalled"]

#: The status of HTTP for what is written wrongly (RFC 9110, 15.5.1).
BAD_REQUEST = 400
#: How long a request may take, in seconds, where nobody says.
PATIENCE = "10"
#: Ctrl-C, and kill.
STOPS = (signal.SIGINT, signal.SIGTERM)

Asks = Callable[[AdminClient, argparse.Namespace, Terminal], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """One command. `ask` does it and returns the exit status; `arguments` adds what it takes beside the common flags.

    `examples`: lines for its help. `text`: more for its help.
    """

    ask: Asks
    arguments: Callable[[argparse.ArgumentParser], object]
    examples: str
    text: str = ""
    #: What `--json` prints, for its help.
    json: str = "the answer as JSON, as the admin API gives it"
    #: What is done in its place where `--join` is given: no running node is asked.
    alone: Callable[[argparse.Namespace, Terminal], Awaitable[int]] | None = None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """All that it takes."""
        self.arguments(parser)
        add_node_arguments(parser, self.json)
        examples = "".join(f"  {line}\n" for line in self.examples.splitlines())
        more = f"{self.text}\n\n" if self.text else ""
        parser.epilog = f"{more}examples:\n{examples}\nexit status: 0 well, 1 failed or refused, 2 bad flag, 130 Ctrl-C"

    def run(self, options: argparse.Namespace) -> int:
        """Do it; return the exit status. Raises AdminError; ConfigError for what is written wrongly."""
        try:
            return until_signalled(self._ask(options), options.signals)
        except RequestRefused as error:
            if error.status == BAD_REQUEST:
                raise ConfigError(str(error)) from error
            raise

    async def _ask(self, options: argparse.Namespace) -> int:
        if self.alone is not None and options.join is not None:
            return await self.alone(options, Terminal())
        timeout = seconds_in("--timeout", options.timeout)
        target = await find_node(options.node, token=options.token, authority=options.authority)
        async with AdminClient(target, timeout=timeout) as client:
            return await self.ask(client, options, Terminal())


def add_node_arguments(parser: argparse.ArgumentParser, json: str) -> None:
    """The flags that say which node is asked, and how."""
    group = parser.add_argument_group("the running node")
    group.add_argument(
        "--node",
        metavar="NODE",
        help="its name; the path of its socket, or of its configuration (.toml); or a URL (default: the one that runs "
        "here)",
    )
    group.add_argument("--token", metavar="FILE", type=Path, help="the file of the token that is asked for over TCP")
    group.add_argument("--authority", metavar="FILE", type=Path, help="certificates in PEM that https is checked by")
    group.add_argument(
        "--timeout", metavar="TIME", default=PATIENCE, help="how long the node may take: 5, 300ms, 2m (default: 10)"
    )
    group.add_argument("--json", action="store_true", help=json)


def until_signalled(main: Coroutine[object, object, int], signals: ProcessSignals | None) -> int:
    """Run `main` in an event loop of its own; return its exit status, or that of the first signal, which ends it.

    `signals`: have heard them until now; None: nobody has, and Ctrl-C is as asyncio has it.
    """
    return asyncio.run(main if signals is None else _obeying(main, signals))


async def _obeying(main: Coroutine[object, object, int], signals: ProcessSignals) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main)
    heard: list[signal.Signals] = []

    def hear(number: signal.Signals) -> None:
        heard.append(number)
        task.cancel()

    for number in STOPS:
        loop.add_signal_handler(number, hear, number)
    early = signals.taken()
    signals.obeyed()
    if early is not None:
        hear(early)
    try:
        return await task
    except asyncio.CancelledError:
        if not heard:
            raise
        return 128 + heard[0]
    finally:
        signals.take_back(loop, STOPS)
