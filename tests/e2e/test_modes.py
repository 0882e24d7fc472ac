"""A hardened node: what it says of that, and what it leaves on the disk where the umask keeps nobody out."""

from __future__ import annotations

import shlex
import signal
import stat
import sys
from pathlib import Path

from services import Service

from peerbus.node.process.guard import GUARDS

GUARDED = """
import ctypes
from peerbus.actors import Channel, Message, Reactor, handles

class Nothing(Message):
    pass

class Guarded(Reactor):
    channel = Channel("guarded", messages=(Nothing,))

    def on_start(self) -> None:
        print("dumpable", ctypes.CDLL(None).prctl(3), flush=True)

    @handles(Nothing)
    def nothing(self, _: Nothing) -> None:
        pass

class Worked(Reactor):
    channel = Channel("worked", messages=(Nothing,))

    def on_start(self) -> None:
        print("worker dumpable", ctypes.CDLL(None).prctl(3), flush=True)

    @handles(Nothing)
    def nothing(self, _: Nothing) -> None:
        pass
"""
CONFIG = """
name = "alice"
network = "modes"
identity = "made/keys/alice.pem"
book = "alice.db"
listen = ["unix://{folder}/alice.bus"]
reactors = ["guarded:Guarded"]
processes.one = ["guarded:Worked"]
"""


def test_a_hardened_node_says_what_it_turned_on_and_whatever_it_makes_is_its_users_alone(tmp_path: Path) -> None:
    config, code = tmp_path / "alice.toml", tmp_path / "guarded.py"
    config.write_text(CONFIG.format(folder=tmp_path))
    code.write_text(GUARDED)
    peerbus = shlex.join((sys.executable, "-W", "error", "-P", "-m", "peerbus"))
    steps = f"umask 000 && {peerbus} keygen made/keys/alice.pem && exec {peerbus} run --harden alice.toml --json-logs"
    service = Service(["sh", "-c", steps], {}, tmp_path)
    try:
        service.logged("node up")
        there = {path: path.stat().st_mode for path in tmp_path.rglob("*") if path not in {config, code}}
        made = {
            str(path.relative_to(tmp_path)): mode for path, mode in there.items() if "__pycache__" not in path.parts
        }
        status = Path(f"/proc/{service.process.pid}/status").read_text() if sys.platform == "linux" else ""
        assert service.ends(signal.SIGTERM) == 0
    finally:
        service.close()
    assert {name for name in made if not name.startswith("alice.db-")} == {
        *("made", "made/keys", "made/keys/alice.pem", "alice.db", "alice.bus", "alice.sock")
    }
    open_to_others = {name: stat.filemode(mode) for name, mode in made.items() if mode & 0o077}
    assert open_to_others == {}
    told = [line["measure"] for line in service.lines if line["event"] == "hardened"]
    assert told == [
        *(guard.name for guard in GUARDS if sys.platform == "linux" or "prctl" not in guard.why),
        "discovery.mdns = false",
        "peers.max_per_address = 8",
        "limits.arrivals_per_address = 10",
    ]
    if status:
        assert "NoNewPrivs:\t1" in status
        assert {"dumpable 0\n", "worker dumpable 0\n"} <= {*service.other}
