"""The page for those who come from libp2p: its program in JavaScript prints what the one on peerbus does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from shown_files import DOCS
from shown_programs import shown_output

MODULES = Path(__file__).resolve().parent / "javascript" / "node_modules"


def test_the_same_program_on_libp2p_prints_the_same(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not MODULES.is_dir():
        pytest.skip("js-libp2p is not installed: make interop")
    (tmp_path / "node_modules").symlink_to(MODULES)
    shutil.copy(DOCS / "coming-from" / "libp2p_before.mjs", tmp_path / "before.mjs")
    polyfill = ["--import", str(MODULES.parent / "withresolvers.mjs")]
    done = subprocess.run(
        [node, *polyfill, "before.mjs"], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=50
    )
    assert (done.stdout, done.returncode) == (shown_output("docs/coming-from/libp2p_after.py"), 0), done.stderr
