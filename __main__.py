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

            signals.imported()
            return cli.main(signals=signals)
        finally:
            signals.end()
    except KeyboardInterrupt as told:
        return getattr(told, "status", 130)


if __name__ == "__main__":
    sys.exit(main())
