"""`python -m peerbus`, and the command `peerbus`: the command line."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def main() -> int:
    """Run the command line; return the exit status. Signals are heard before what takes time is imported."""
    try:
        from .node.process_signals import ProcessSignals

        signals = ProcessSignals()
        signals.begin(reloads=sys.argv[1:2] == ["run"])
        try:
            from .operate import cli

            signals.imported()
            try:
                status = cli.main(signals=signals)
            finally:
                lost = [_lost(stream) for stream in (sys.stdout, sys.stderr)]
            return status or int(any(lost))
        finally:
            signals.end()
    except KeyboardInterrupt as told:
        return getattr(told, "status", 130)


def _lost(stream: TextIO | None) -> bool:
    """Write what is left of an output. True: it went nowhere, as a disk is full or a terminal has gone.

    The interpreter would say so at its end with 120, in place of the status.
    """
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError) as error:
        if stream is sys.stdout and sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(f"peerbus: the output was not written: {error}\n")
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]  # it is there
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
