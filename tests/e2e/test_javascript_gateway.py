"""The cookbook's gateway in JavaScript, in front of the greeter of the first page; `make javascript` runs it too."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from shown_files import DOCS

from peerbus.actors import handles
from peerbus.node import Node
from peerbus.operate.cli import main

CLIENT = Path(__file__).resolve().parents[2] / "clients" / "javascript"
NODE = shutil.which("node")
#: Rows that nobody reads to their end.
MANY = 1_000_000


@pytest.mark.skipif(
    NODE is None or not (CLIENT / "node_modules").is_dir(), reason="its npm package is not installed: make javascript"
)
def test_a_gateway_answers_http_from_the_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert NODE is not None
    monkeypatch.chdir(tmp_path)
    shutil.copy(DOCS / "start" / "greeter.py", tmp_path)
    for name in ("gateway.mjs", "long_jobs.py"):
        shutil.copy(DOCS / "cookbook" / name, tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "peerbus").symlink_to(CLIENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    schema = io.StringIO()
    with contextlib.redirect_stdout(schema):
        assert main(["schema", "show", "greeter:Greeter", "long_jobs:Table", "--json"]) == 0
    (tmp_path / "schema.json").write_text(schema.getvalue())
    greeter: Any = sys.modules.pop("greeter")
    jobs: Any = sys.modules.pop("long_jobs")
    ended = threading.Event()

    class Table(jobs.Table):  # type: ignore[misc]  # of the page's file
        @handles(jobs.Export)  # type: ignore[untyped-decorator]  # of the page, too
        async def export(self, wanted: Any) -> AsyncIterator[Any]:
            try:
                async for row in super().export(wanted):
                    yield row
            finally:
                if wanted.last == MANY:
                    ended.set()

    listen = ["tcp://127.0.0.1:0"]
    with (
        Node("alice", network="start", listen=listen, offers={"greeter"}, reactors=[greeter.Greeter]) as alice,
        Node("rows", network="start", listen=listen, offers={"table"}, reactors=[Table]) as rows,
    ):
        command = [NODE, "gateway.mjs", "0", alice.endpoints[0], rows.endpoints[0]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
            try:
                assert gateway.stdout is not None
                url = gateway.stdout.readline().strip()
                page = (DOCS / "cookbook" / "javascript.md").read_text(encoding="utf-8")
                assert re.sub(r":\d+/", ":8000/", url) in page
                assert get(url) == (200, "hello Ada, this is alice\n")
                assert "\nhello Ada, this is alice\n" in page
                assert get(url.replace("greet", "shout"))[0] == 404
                found = get(url.replace("greet/Ada", "rows/7/9"))
                assert found == (200, "7 49\n8 64\n9 81\n")
                assert f"/rows/7/9\n{found[1]}" in page
                assert get(url.replace("greet/Ada", "rows/7/x"))[0] == 502
                leave(url.replace("greet/Ada", f"rows/1/{MANY}"))
                assert ended.wait(20)
            finally:
                gateway.terminate()
        assert gateway.returncode == 0


def leave(url: str) -> None:
    """Read the first rows, and close."""
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  # http
        assert answer.readline() == b"1 1\n"


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  # http
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
