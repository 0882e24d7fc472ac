"""A node whose key is in no file of its own: real processes that get it from whoever starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)


@pytest.mark.parametrize("source", ["env:ALICE_KEY", "fd:0", "fd", "credential:alice.pem"])
def test_a_process_gets_its_key_from_whoever_starts_it(source: str, tmp_path: Path) -> None:
    key = tmp_path / "alice.pem"
    ALICE.save(key)
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe:
        with open(writing, "wb") as into:
            into.write(key.read_bytes())
        source = f"fd:{reading}" if source == "fd" else source
        (tmp_path / "alice.toml").write_text(f'name = "alice"\nnetwork = "demo"\nidentity = "{source}"\n')
        done = subprocess.run(
            [sys.executable, "-m", "peerbus", "run", str(tmp_path / "alice.toml"), "--check"],
            env={**os.environ, "ALICE_KEY": key.read_text(), "CREDENTIALS_DIRECTORY": str(tmp_path)},
            stdin=pipe if source == "fd:0" else None,
            pass_fds=[reading],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == ""
    assert ALICE.node_id in done.stdout
    assert f"key        {source}: " in done.stdout
