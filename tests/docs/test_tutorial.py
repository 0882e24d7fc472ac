"""The tutorial's cluster as its last pages have it: tests, three processes, a metric that falls, an alert."""

from __future__ import annotations

import asyncio
import contextlib
import io
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
from shown_programs import run

from peerbus.actors import MessageTypeError, RemoteError
from peerbus.operate.cli import main

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


@pytest.mark.timeout(180)  # a process of pytest, on a machine that may be busy
def test_its_tests_and_those_of_the_first_page_pass_and_what_the_reader_is_to_try_fails_and_is_cured(
    folder: Path,
) -> None:
    tests, desk = ((folder / name).read_text(encoding="utf-8") for name in ("test_desk.py", "desk.py"))
    unnoticed = re.sub(r"^.*len\(desk.peers\) == 1.*\n", "", tests, flags=re.MULTILINE)
    (folder / "test_unnoticed.py").write_text(unnoticed, encoding="utf-8")
    (folder / "test_hedged.py").write_text(
        unnoticed.replace("from desk import", "from hedged import"), encoding="utf-8"
    )
    (folder / "hedged.py").write_text(desk.replace("Lookup(word))", "Lookup(word), hedge=0.05)"), encoding="utf-8")
    for name in ("greeter.py", "test_greeter.py"):  # those of the first page, as each process takes a second
        shutil.copy(DOCS / "start" / name, folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--peerbus-seeds=4"],
        check=False, capture_output=True, text=True, cwd=folder, timeout=120,
    )  # fmt: skip
    assert "1 failed, 7 passed" in done.stdout, done.stdout + done.stderr
    assert "DeadlineExceeded" in done.stdout
    assert "pytest test_unnoticed.py::test_a_dictionary_that_falls_silent_costs_no_text --peerbus-seed=" in done.stdout


def test_what_the_reader_is_to_try_ends_as_its_page_says(folder: Path) -> None:
    words = (folder / "words.py").read_text(encoding="utf-8")
    for right, wrong, error in (
        ("return self.known[wanted.word]", "return None", "answered Lookup with a NoneType, not a str"),
        ('Lookup("world")', '"world"', "does not take a str; its channel declares Lookup"),
    ):
        (folder / "words.py").write_text(words.replace(right, wrong), encoding="utf-8")
        with pytest.raises(MessageTypeError, match=error):
            run(str(folder / "words.py"))
    (folder / "words.py").write_text(words, encoding="utf-8")
    nodes = (folder / "two_nodes.py").read_text(encoding="utf-8")
    (folder / "two_nodes.py").write_text(re.sub(r"^.*wait_for_peers.*\n", "", nodes, flags=re.MULTILINE))
    with pytest.raises(RemoteError, match="looks for no peers") as early:
        run(str(folder / "two_nodes.py"))
    assert early.value.code == "NoRoute"


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
            words = [str(folder / "desk.sock") if word == "desk.sock" else word for word in command[1].split()]
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                assert await asyncio.to_thread(main, [*words, command[2]]) == 0
            assert printed.getvalue() == f"{command[3]}\n"
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
