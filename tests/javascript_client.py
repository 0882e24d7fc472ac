"""clients/javascript as the tests use it: whether it can run here, what it knows of messages, and its programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from peerbus.node import Node

__all__ = ["CLIENT", "NODE", "Script", "needs_node", "script", "shown"]

CLIENT = Path(__file__).resolve().parents[1] / "clients" / "javascript"
NODE = shutil.which("node")


def _missing() -> str:
    if NODE is None:
        return "Node.js is not installed"
    said = subprocess.run((NODE, "--version"), check=False, capture_output=True, text=True, timeout=60).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < (20, 11):
        return f"Node.js is {said.strip()}, and its tests need 20.11 or newer"
    if not (CLIENT / "node_modules" / "@msgpack" / "msgpack").is_dir():
        return "its npm package is not installed: make javascript"
    return ""


needs_node = pytest.mark.skipif(bool(_missing()), reason=_missing())


def shown(*sources: str, folder: Path, path: Path) -> Path:
    """A file with what `peerbus schema show --json` prints of these, which are found from a folder."""
    command = (sys.executable, "-m", "peerbus", "schema", "show", *sources, "--json")
    found = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}  # what a module of tests imports
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=folder, env=found)
    path.write_text(done.stdout, encoding="utf-8")
    return path


class Script:
    """A program of the client, of a file in its tests. A thread reads what it prints, so that nothing blocks it."""

    def __init__(self, file: str, what: str, place: str, schema: Path) -> None:
        assert NODE is not None
        command = [NODE, str(CLIENT / "test" / file), what, place, str(schema)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said: Queue[Any] = Queue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(json.loads(line))

    def next(self) -> Any:
        """What it says next."""
        return self.said.get(timeout=60)

    def say(self, line: str) -> None:
        """Give it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def script(what: str, node: Node, schema: Path, file: str = "real.js") -> Iterator[Script]:
    """One that dials this node."""
    started = Script(file, what, node.endpoints[0], schema)
    try:
        yield started
    finally:
        started.close()
