"""The first five minutes: two nodes as two processes. The first tests run beside those of the tutorial."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from nats_servers import free_port
from shown_files import DOCS
from shown_programs import run, shown_output


def test_a_pair_of_nodes_greets_each_other(tmp_path: Path) -> None:
    port = str(free_port())
    for file in (DOCS / "start").iterdir():
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8").replace("7400", port))
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    alice = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "peerbus", "run", "alice.toml"],
        cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert alice.stderr is not None
    try:
        assert any("node up" in line for line in alice.stderr)  # a busy machine takes longer than the ask may
        assert run(str(tmp_path / "bob.py")) == shown_output("docs/start/bob.py")
    finally:
        alice.send_signal(signal.SIGINT)
        alice.communicate(timeout=20)
