"""`peerbus new` as a user has it: the project's own tests pass, and its two nodes find each other and talk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from services import PATIENCE

from peerbus.operate.scaffold import ReactorNames, UserProject


def _environment() -> dict[str, str]:
    """That of a user: nothing of the tests, which run this one, is set."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PEERBUS_", "PYTEST_", "COV"))}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project, with one more reactor that alice runs. What the command itself says is tested beside it."""
    made = UserProject.make(tmp_path_factory.mktemp("projects") / "weather")
    made.add(ReactorNames.of("BlockSync"), made.folder / "alice.toml")
    return made.folder


def test_its_tests_pass(project: Path) -> None:
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, check=False, cwd=project, env=_environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n7 passed" in done.stdout


def test_its_nodes_find_each_other_and_talk(project: Path, tmp_path: Path) -> None:
    # A network of its own: the same test may run beside this one.
    words = ["--set", f"network=weather-{os.getpid()}", "--set", f'admin.at="unix://{tmp_path}/%s.sock"']
    nodes = []
    try:
        for name in ("alice", "bob"):
            settings = [word.replace("%s", name) for word in words]
            nodes.append(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", "peerbus", "run", f"{name}.toml", *settings],
                    cwd=project,
                    env=_environment(),
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        logged = nodes[1].stderr
        assert logged is not None
        for line in logged:
            if "greeted: Hello, bob!" in line:
                break
        else:
            pytest.fail("bob has ended, and was never greeted")
        for node in nodes:
            node.send_signal(signal.SIGINT)
        assert [node.wait(PATIENCE) for node in nodes] == [130, 130]
    finally:
        for node in nodes:
            if node.poll() is None:
                node.kill()
            node.wait()
            assert node.stderr is not None
            node.stderr.close()
