"""The command line beside real nodes: it finds them, sees into them, steers them, and sends through them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from services import PATIENCE, Service, environment

REACTOR = """
from peerbus.actors import Channel, Message, Reactor, Request, handles

class Who(Message, Request[str]):
    pass

class Names(Reactor):
    channel = Channel("names", messages=(Who,))

    @handles(Who)
    def who(self, _: Who) -> str:
        return self.bus.name
"""
CONFIG = """
name = "{name}"
network = "shell"
listen = ["unix:///{folder}/{name}.bus"]
reactors = ["names:Names"]
offers = ["{role}"]
discovery.mdns = false
"""


def peerbus(folder: Path, *words: str) -> tuple[int, str, str]:
    """A command in that folder, where the nodes' sockets are: exit status, output, errors."""
    command = [sys.executable, "-W", "error", "-m", "peerbus", *words]
    variables = environment(TMPDIR=str(folder))
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    return done.returncode, done.stdout, done.stderr


@contextmanager
def running(folder: Path, name: str, role: str) -> Iterator[Service]:
    """A node that is up."""
    (folder / "names.py").write_text(REACTOR)
    (folder / f"{name}.toml").write_text(CONFIG.format(name=name, role=role, folder=folder))
    with ExitStack() as stack:
        command = [sys.executable, "-W", "error", "-m", "peerbus", "run", f"{name}.toml", "--json-logs"]
        service = Service(command, {}, folder)
        stack.callback(service.close)
        service.logged("node up")
        yield service


@pytest.mark.timeout(180)  # a dozen processes, on a machine that may be busy
def test_a_node_is_found_looked_at_and_steered_by_its_own_folder_or_name(tmp_path: Path) -> None:
    status, out, err = peerbus(tmp_path, "status", "--node", "alice.toml")
    assert (status, out) == (2, "")
    assert err == "peerbus status: alice.toml: there is no such file\n"
    with running(tmp_path, "alice", "archive"), running(tmp_path, "bob", "index"):
        for place in ("alice", "alice.toml"):
            status, out, err = peerbus(tmp_path, "status", "--node", place)
            assert (status, err) == (0, "")
            assert out.startswith("alice in network shell is ready\n")
        status, out, err = peerbus(tmp_path, "peers")
        assert (status, out) == (1, "")
        assert "name one with --node: " in err
        assert peerbus(tmp_path, "dial", f"unix://{tmp_path}/bob.bus", "--node", "alice")[0] == 0
        # Whoever answers to the role is waited for: the two are connected then.
        answer = peerbus(
            tmp_path, "ask", "bus://role:index/names", "Who", "--wait", "--timeout", "60", "--node", "alice"
        )
        assert answer == (0, '"bob"\n', "")
        (peer,) = json.loads(peerbus(tmp_path, "peers", "--json", "--connected", "--node", "alice")[1])
        assert peer["offers"] == ["index"]
        status, out, err = peerbus(tmp_path, "ban", peer["node_id"][:8], "--for", "1h", "--node", "alice")
        assert (status, out, err) == (0, f"{peer['node_id']} is banned for 1 h\n", "")
        assert peerbus(tmp_path, "peers", "--connected", "--node", "alice") == (0, "no peers\n", "")
        guest = peerbus(tmp_path, "ask", "--join", "bob.toml", "bus://role:index/names", "Who", "--timeout", "60")
        assert guest == (0, '"bob"\n', "")


@pytest.mark.parametrize("command", ["status", "events"])
def test_a_node_that_has_gone_is_said_to_have(command: str, tmp_path: Path) -> None:
    with running(tmp_path, "alice", "archive") as service:
        service.process.kill()
        service.process.wait(PATIENCE)
        status, out, err = peerbus(tmp_path, command, "--node", "./alice.sock")
    assert (status, out) == (1, "")
    assert err == f"peerbus {command}: no node listens at unix://alice.sock any more: the socket was left behind\n"
