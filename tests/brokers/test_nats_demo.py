"""The demonstration over a real nats-server, which it starts and ends itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nats_servers import program


@pytest.mark.long
def test_every_copy_is_right_although_nodes_reach_a_server_only_and_an_archive_is_killed(tmp_path: Path) -> None:
    program()
    flags = ("--carrier", "nats", "--size", "8", "--json", "--keep", str(tmp_path / "kept"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "peerbus", "demo", *flags],
        check=False, capture_output=True, text=True, timeout=50, env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "they found each other at a nats-server on 127.0.0.1" in done.stderr
    result = json.loads(done.stdout)
    assert (result["ok"], result["killed"]) == (True, "archive-2")
    assert [node["verified"] for node in result["nodes"]] == [None, None, True, True]
    log = (tmp_path / "kept" / "archive-1.log").read_text()
    assert "nats://" in log
    assert "tcp://" not in log
