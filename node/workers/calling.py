"""A worker that runs elsewhere, as in another container: it calls its node, works for it, and calls again.

Its process is two. One only begins the other, and another one where that has ended: so what crashes, leaks or is killed
is there again within milliseconds, and a link that is gone ends what is at work at once, whatever it is at.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from ...actors.base import PeerbusError, get_logger
from ...actors.engine import new_event_loop
from ...transports.streams import Endpoint, Identity, TcpTransport, Transport, UnixTransport
from .cuts import notice_cuts
from .fork_server import told
from .fork_talk import status_of
from .orphan_pipe import die_with
from .setup import unproven_id
from .worker_main import WorkerRun

__all__ = ["CalledNode", "keep_calling"]

log = get_logger("peerbus.workers")

#: Seconds for one call.
CALL_WITHIN = 5.0
#: Seconds between two calls, and between two processes that ended soon, by how often that was so.
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
#: Seconds after which the same trouble is told again.
AGAIN = 60.0
#: Seconds that a process has lived which did not end soon.
LONG = 10.0
#: How often it is seen whether a signal has come, in a pause.
LOOK = 0.05


@dataclass(frozen=True, slots=True)
class CalledNode:
    """As whom a worker calls whom. `node` names the node's key where it is reached over TCP; `identity`: its own."""

    name: str
    node: Endpoint
    identity: Identity | None


def keep_calling(called: CalledNode) -> int:
    """Be that worker until SIGTERM or SIGINT; returns the exit status. In the main thread, of a process without others.

    The first signal ends it in order: what is under way is done, what is sent meanwhile waits for the next one. A
    second one ends it at once.
    """
    stops: list[int] = []
    pid = 0

    def hear(number: int, _frame: FrameType | None) -> None:
        stops.append(number)
        if pid:
            os.kill(pid, signal.SIGTERM if len(stops) == 1 else signal.SIGKILL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    soon = 0
    while not stops:
        began = time.monotonic()
        reader, writer = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            os.close(writer)
            _work(called, reader)
        os.close(reader)
        if stops:  # it came before there was a process to be told
            os.kill(pid, signal.SIGTERM)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        pid = 0
        os.close(writer)
        if stops:
            break
        soon = 0 if time.monotonic() - began > LONG else soon + 1
        log.warning("worker ended, it begins anew", worker=called.name, how=told(ended))
        until = time.monotonic() + PAUSES[min(soon, len(PAUSES) - 1)]
        while not stops and time.monotonic() < until:
            time.sleep(LOOK)
    cut = len(stops) > 1
    return 128 + stops[-1] if cut or stops[0] == signal.SIGINT else 0


def _work(called: CalledNode, reader: int) -> None:
    status = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with(reader, group=True)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            status = runner.run(_call(called))
    except (SystemExit, KeyboardInterrupt) as error:  # as in `forking`
        status = status_of(error)
    except BaseException as error:  # nothing of the other process may go on in this one
        log.error("worker has failed", worker=called.name, exc_info=error)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


async def _call(called: CalledNode) -> int:
    loop = asyncio.get_running_loop()
    transport = _transport_of(called)
    own_id = unproven_id(called.name) if called.identity is None else called.identity.node_id
    run = WorkerRun(called.name, own_id, called.node.peer_id or "")
    loop.add_signal_handler(signal.SIGTERM, run.leave)
    tell = _Told(loop.time)
    tries = 0
    while True:
        try:
            stream = await transport.dial(called.node, expect=called.node.peer_id, timeout=CALL_WITHIN)
            notice_cuts(stream)
            greeted = await run.greet(stream)
        except PeerbusError as error:
            if tell.wants(str(error)):
                log.warning("worker waits for its node", worker=called.name, node=str(called.node), why=str(error))
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1
        else:
            log.info("worker is connected", worker=called.name, node=greeted.peer.name, at=str(called.node))
            status = await run.run(greeted)
            log.info("worker was ended by its node", worker=called.name, node=greeted.peer.name)
            return status


class _Told:
    """Tells the same trouble once in a while."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._text = ""
        self._at = 0.0

    def wants(self, text: str) -> bool:
        """Whether this is to be told."""
        if text == self._text and self._now() - self._at < AGAIN:
            return False
        self._text, self._at = text, self._now()
        return True


def _transport_of(called: CalledNode) -> Transport:
    if called.node.scheme == "tcp":
        return TcpTransport(called.identity)
    return UnixTransport(called.identity, any_user=called.identity is not None)
