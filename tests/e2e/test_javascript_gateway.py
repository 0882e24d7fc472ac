"""The cookbook's gateway in JavaScript, in front of the greeter of the first page; `make javascript` runs it too."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from shown_files import DOCS

from peerbus.node import Node
from peerbus.operate.cli import main

CLIENT = Path(__file__).resolve().parents[2] / "clients" / "javascript"
NODE = shutil.which("node")


@pytest.mark.skipif(
    NODE is None or not (CLIENT / "node_modules").is_dir(), reason="its npm package is not installed: make javascript"
)
def test_a_gateway_answers_http_from_the_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert NODE is not None
    monkeypatch.chdir(tmp_path)
    shutil.copy(DOCS / "start" / "greeter.py", tmp_path)
    shutil.copy(DOCS / "cookbook" / "gateway.mjs", tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "peerbus").symlink_to(CLIENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    schema = io.StringIO()
    with contextlib.redirect_stdout(schema):
        assert main(["schema", "show", "greeter:Greeter", "--json"]) == 0
    (tmp_path / "schema.json").write_text(schema.getvalue())
    greeter: Any = sys.modules.pop("greeter")
    listen = ["tcp://127.0.0.1:0"]
    with Node("alice", network="start", listen=listen, offers={"greeter"}, reactors=[greeter.Greeter]) as alice:
        command = [NODE, "gateway.mjs", alice.endpoints[0], "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
            try:
                assert gateway.stdout is not None
                url = gateway.stdout.readline().strip()
                page = (DOCS / "cookbook" / "javascript.md").read_text(encoding="utf-8")
                assert re.sub(r":\d+/", ":8000/", url) in page
                assert get(url) == (200, "hello Ada, this is alice\n")
                assert "\nhello Ada, this is alice\n" in page
                assert get(url.replace("greet", "shout"))[0] == 404
            finally:
                gateway.terminate()
        assert gateway.returncode == 0


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  # http
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
