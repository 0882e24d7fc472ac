"""The silent pipe: a process ends within milliseconds of the one that holds the other end, whatever it is doing.

Nobody writes into it. When the last holder of the writing end is gone the kernel sends SIGKILL to the reader's owner
(fcntl(2), `O_ASYNC` and `F_SETSIG`), also while a handler holds the interpreter. Elsewhere than on Linux a thread waits
for the end, and comes to its turn when the interpreter is free.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import threading

__all__ = ["die_with"]

#: fcntl(2): which signal tells of the descriptor. Python does not name it.
_F_SETSIG = 10


def die_with(reader: int, *, group: bool = False) -> None:
    """End this process when nobody holds the writing end of this pipe any more.

    `group`: begin a session, and end all that is in it: what this process forks is not left behind either (Linux).
    """
    if group:
        os.setsid()
    if sys.platform == "linux":
        fcntl.fcntl(reader, fcntl.F_SETOWN, -os.getpgrp() if group else os.getpid())
        fcntl.fcntl(reader, _F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(reader, fcntl.F_SETFL, fcntl.fcntl(reader, fcntl.F_GETFL) | os.O_ASYNC)
        waits = select.poll()
        waits.register(reader, select.POLLIN)
        if waits.poll(0):  # it was gone before anybody was to be told
            os.kill(os.getpid(), signal.SIGKILL)
    else:
        threading.Thread(target=_wait, args=(reader,), name="peerbus orphan", daemon=True).start()


def _wait(reader: int) -> None:
    os.read(reader, 1)
    os.kill(os.getpid(), signal.SIGKILL)
