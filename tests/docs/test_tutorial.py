"""The tutorial's cluster as its last pages have it: tests, three processes, a metric that falls, an alert."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from pathlib import Path
from typing import Any

import pytest
import yaml
from nats_servers import free_port
from shown_files import DOCS

TUTORIAL = DOCS / "tutorial"
PYTHON = [sys.executable, "-W", "error", "-m"]
PAGE = (TUTORIAL / "look-inside.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The reader's folder, at a port that is free."""
    port = str(free_port())
    for file in TUTORIAL.iterdir():
        if file.suffix in (".py", ".toml"):
            (tmp_path / file.name).write_text(file.read_text(encoding="utf-8").replace("7400", port))
    return tmp_path


def test_its_tests_pass(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_desk.py", "-p", "no:cacheprovider"],
        check=False, capture_output=True, text=True, cwd=folder, timeout=50,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr


async def test_a_cluster_of_processes_is_asked_looked_at_and_loses_a_node(folder: Path) -> None:
    httpx = pytest.importorskip("httpx")
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder)}

    async def start(*words: str) -> Process:
        command = [*PYTHON, "peerbus", *words]
        return await create_subprocess_exec(*command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE)

    nodes = [await start("run", "desk.toml", "--set", "discovery.mdns=false")]
    for name in ("berlin", "vienna"):
        nodes.append(await start("run", "words.toml", "--set", "discovery.mdns=false", "--set", f"name={name}"))
    try:
        await says(nodes[0], "requirement met")
        transport = httpx.AsyncHTTPTransport(uds=str(folder / "desk.sock"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as desk:
            (metric,) = re.findall(r"^(peerbus_requirement_met.*) 1$", PAGE, re.MULTILINE)
            assert f"\n{metric} 1\n" in (await desk.get("/metrics")).text
            command = re.search(r"^\$ peerbus (ask --node desk.sock \S+ Translate) '(.*)'\n(.*)$", PAGE, re.MULTILINE)
            assert command is not None
            asked = await start(*command[1].split(), command[2])
            assert (await asked.communicate())[0].decode().strip() == command[3]
            nodes[1].kill()
            await says(nodes[0], "requirement not met")
            assert f"\n{metric} 0\n" in (await desk.get("/metrics")).text
            assert (await desk.get("/readyz")).status_code == 503
    finally:
        for node in nodes:
            with contextlib.suppress(ProcessLookupError):
                node.send_signal(signal.SIGINT)
            await node.communicate()


async def says(node: Process, text: str) -> None:
    """Wait until its log says so."""
    assert node.stderr is not None
    said = ""
    while text not in said:
        line = (await node.stderr.readline()).decode()
        assert line, said
        said += line


def test_the_alert_looks_at_that_metric() -> None:
    (group,) = yaml.safe_load((TUTORIAL / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    assert [rule["expr"] for rule in rules] == ['peerbus_requirement_met{role="words"} == 0']
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: make check-metrics brings it")
    subprocess.run([promtool, "test", "rules", "alerts.test.yml"], check=True, cwd=TUTORIAL, timeout=60)
