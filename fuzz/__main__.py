"""`python fuzz`: the door of the command, and of the process of each target."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run by path, this folder stands first in the path of imports; the folder that holds it should.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from fuzz.command import main

    sys.exit(main())
