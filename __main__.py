"""`python -m peerbus`, and the command `peerbus`: the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; return the exit status. Signals are heard before what takes time is imported."""
    try:
        from .node.process_signals import ProcessSignals

        signals = ProcessSignals()
        signals.begin(reloads=sys.argv[1:2] == ["run"])
        try:
            from .operate import cli
            from .operate.output import flushed

            signals.imported()
            try:
                status = cli.main(signals=signals)
            finally:
                lost = flushed(sys.stdout), flushed(sys.stderr)
            return status or max(lost)
        finally:
            signals.end()
    except KeyboardInterrupt as told:
        return getattr(told, "status", 130)


if __name__ == "__main__":
    sys.exit(main())
