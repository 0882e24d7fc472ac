"""`python -m peerbus`, and the command `peerbus`: the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .node.config import NodeConfig
    from .node.extension import Extension


def main() -> int:
    """Run the command line; return the exit status. Signals are heard before what takes time is imported."""
    try:
        from .node.process_signals import ProcessSignals

        signals = ProcessSignals()
        signals.begin(reloads=sys.argv[1:2] == ["run"])
        try:
            from .node import cli

            signals.imported()
            return cli.main(signals=signals, extend=_extend)
        finally:
            signals.end()
    except KeyboardInterrupt as told:
        return getattr(told, "status", 130)


def _extend(config: NodeConfig) -> Sequence[Extension]:
    # Here, as `node` knows nothing of `operate`, which stands above it.
    from .operate.configured import extensions_of

    return extensions_of(config)


if __name__ == "__main__":
    sys.exit(main())
