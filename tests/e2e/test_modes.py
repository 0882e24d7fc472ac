"""What a node leaves on the disk, started with a umask that keeps nobody out."""

from __future__ import annotations

import shlex
import signal
import stat
import sys
from pathlib import Path

from services import Service

CONFIG = """
name = "alice"
network = "modes"
identity = "made/keys/alice.pem"
book = "alice.db"
listen = ["unix://{folder}/alice.bus"]
discovery = {{ mdns = false }}
admin = {{ at = "http://127.0.0.1:0" }}
"""


def test_whatever_a_node_makes_is_its_users_alone_under_any_umask(tmp_path: Path) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(CONFIG.format(folder=tmp_path))
    peerbus = shlex.join((sys.executable, "-W", "error", "-P", "-m", "peerbus"))
    steps = f"umask 000 && {peerbus} keygen made/keys/alice.pem && exec {peerbus} run alice.toml --json-logs"
    service = Service(["sh", "-c", steps], {}, tmp_path)
    try:
        service.logged("node up")
        made = {str(path.relative_to(tmp_path)): path.stat().st_mode for path in tmp_path.rglob("*") if path != config}
        assert service.ends(signal.SIGTERM) == 0
    finally:
        service.close()
    assert {name for name in made if not name.startswith("alice.db-")} == {
        *("made", "made/keys", "made/keys/alice.pem", "alice.db", "alice.bus", "alice.token")
    }
    open_to_others = {name: stat.filemode(mode) for name, mode in made.items() if mode & 0o077}
    assert open_to_others == {}
