"""Lets these tests import `benchmarks`, a folder of the checkout and not of the package."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Once it is imported, its modules are found beside it: the root need not stay in the path, where `actors` would be
# found by a second name.
sys.path.insert(0, str(ROOT))
try:
    import benchmarks  # noqa: F401
finally:
    sys.path.remove(str(ROOT))
