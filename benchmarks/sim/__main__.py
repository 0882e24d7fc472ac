"""`python benchmarks/sim`: the door of the command, and of every process that it starts."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run by path, this folder stands first in the path of imports; the checkout should.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from benchmarks.sim.command import main

    sys.exit(main())
