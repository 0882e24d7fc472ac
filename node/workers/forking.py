"""The fork server itself: it imports, and then forks a worker for each word of its node, and tells how each ended.

It has one thread, runs no event loop and holds nothing but its socket, so that what it forks begins from nothing.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Sequence

import msgspec

from ...actors.base import get_logger
from .fork_talk import LARGEST, Fork, ForkDone, Gone, read_fork, status_of
from .orphan_pipe import die_with

__all__ = ["main"]

log = get_logger("peerbus.workers")


def main(channel: int, pipe: int, preload: Sequence[str], *, shielded: bool = False) -> None:
    """Serve the node at the other end of this socket, until it is gone. `shielded`: as the node's process is."""
    if shielded:
        _shield()
    die_with(pipe)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    node = socket.socket(fileno=channel)
    _import(preload)
    gc.collect()
    gc.freeze()
    woken, wakes = os.pipe()
    for each in (woken, wakes):
        os.set_blocking(each, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    _say(node, ForkDone(0, os.getpid()))
    waits = selectors.DefaultSelector()
    waits.register(node, selectors.EVENT_READ)
    waits.register(woken, selectors.EVENT_READ)
    while True:
        for key, _ in waits.select():
            if key.fd == woken:
                _drain(woken)
                _reap(node)
                continue
            data, files, _, _ = socket.recv_fds(node, LARGEST, 4)
            if not data:
                os._exit(0)
            _fork(node, read_fork(data), files, (woken, wakes))


def _shield() -> None:
    from ..process import shield  # it takes ctypes, which most nodes' workers need not wait for

    try:
        shield()
    except OSError as error:
        log.warning("a worker cannot be shielded", error=error.strerror)


def _import(preload: Sequence[str]) -> None:
    for module in ("peerbus.node.workers.worker_main", "uvloop"):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for module in preload:
        try:
            importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001  # the worker that needs it says so, and where
            log.debug("a module is not there for workers", module=module, why=repr(error))
        if _threads() > 1:
            # A fork has one thread only, and would wait for ever for what the others held: so without these modules.
            arguments = sys.orig_argv[:-1]
            os.execv(sys.executable, [*arguments, "[]"])  # noqa: S606  # all of it is ours


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _fork(node: socket.socket, word: Fork, files: Sequence[int], own: Sequence[int]) -> None:
    _flush()  # what modules have printed as they were imported is the server's, and is not printed by each fork again
    try:
        pid = os.fork()
    except OSError as error:
        for each in files:
            os.close(each)
        _say(node, ForkDone(word.number, 0, str(error)))
        return
    if pid:
        for each in files:
            os.close(each)
        _say(node, ForkDone(word.number, pid))
        return
    status = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        node.close()
        for each in own:
            os.close(each)
        link, pipe = files
        die_with(pipe, group=True)
        from .worker_main import run_worker  # imported already: here it costs nothing

        status = run_worker(socket.socket(fileno=link), word.setup)
    except (SystemExit, KeyboardInterrupt) as error:  # an actor said so, which is told
        status = status_of(error)
    except BaseException as error:  # nothing of the server's may go on in the child
        log.error("a worker has ended", exc_info=error)
    finally:
        _flush()
        os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def _reap(node: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say(node, Gone(pid, os.waitstatus_to_exitcode(status)))


def _drain(woken: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(woken, 512):
            pass


def _say(node: socket.socket, word: ForkDone | Gone) -> None:
    try:
        node.send(msgspec.msgpack.encode(word))
    except OSError:
        os._exit(0)
