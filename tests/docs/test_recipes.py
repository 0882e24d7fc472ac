"""Recipes that need more than themselves: a web framework, a notebook's loop, files of an authority."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import io
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from shown_files import DOCS
from shown_programs import run, shown_output

from peerbus.node import Node
from peerbus.operate.cli import main

COOKBOOK = DOCS / "cookbook"


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cookbook's folder is where modules are looked for, and none of them stays."""
    monkeypatch.syspath_prepend(str(COOKBOOK))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(COOKBOOK)):
            del sys.modules[name]


@contextlib.asynccontextmanager
async def prices(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The node that both fronts ask, at a free port, which nodes that dial the documented one are led to."""
    module: Any = importlib.import_module("prices")
    listen = ["tcp://127.0.0.1:0"]
    async with Node("prices", network="shop", listen=listen, offers={"prices"}, reactors=[module.Prices]) as node:

        def dialing(name: str, *, peers: list[str], **arguments: Any) -> Node:
            assert peers == ["tcp://127.0.0.1:7400"]
            return Node(name, peers=list(node.endpoints), **arguments)

        monkeypatch.setattr("peerbus.node.Node", dialing, raising=False)
        yield


async def test_fastapi_in_front(beside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    httpx = pytest.importorskip("httpx")
    pytest.importorskip("fastapi")
    async with prices(monkeypatch):
        app: Any = importlib.import_module("fastapi_front").app
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client,
        ):
            early = await client.get("/prices/bolt")  # nobody may be connected yet
            assert early.status_code in (200, 503)
            await app.state.node.wait_for_peers(role="prices")
            assert (await client.get("/prices/bolt")).text == '{"cents":25}'
            unknown = await client.get("/prices/teapot")
            assert (unknown.status_code, unknown.text) == (404, '{"detail":"unknown_item: teapot"}')


async def test_django_in_front(beside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("django")
    async with prices(monkeypatch):
        front = importlib.import_module("django_front")
        from django.test import Client  # once it is configured

        try:
            answer = await asyncio.to_thread(Client(headers={"host": "127.0.0.1"}).get, "/prices/bolt")
            assert (answer.status_code, answer.content) == (200, b'{"cents": 25}')
            unknown = await asyncio.to_thread(Client(headers={"host": "127.0.0.1"}).get, "/prices/teapot")
            assert (unknown.status_code, unknown.content) == (404, b'{"detail": "unknown_item: teapot"}')
        finally:
            await asyncio.to_thread(front.node().stop)


async def test_the_cells_of_a_notebook() -> None:
    # As IPython runs them: compiled with `await` allowed, one after the other in one namespace, on a loop that runs.
    source = (COOKBOOK / "notebook.py").read_text(encoding="utf-8")
    module = ModuleType("__main__")
    printed = io.StringIO()
    main_module, sys.modules["__main__"] = sys.modules["__main__"], module
    try:
        with contextlib.redirect_stdout(printed):
            for cell in re.split(r"^# %% .*$", source, flags=re.MULTILINE)[1:]:
                code: CodeType = compile(cell, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                made = eval(code, vars(module))  # noqa: S307  # it is the page's
                if made is not None:
                    await made
    finally:
        sys.modules["__main__"] = main_module
    assert printed.getvalue() == shown_output("docs/cookbook/notebook.py")


def test_an_authority_of_ones_own_lets_in_whom_it_has_certified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (COOKBOOK / "mutual-tls.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command in re.findall(r"^\$ peerbus (.*)$", page, re.MULTILINE):
        words, _, target = command.partition(" > ")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            assert main(words.split()) == 0, command
        if target:
            Path(target).write_text(printed.getvalue())
    assert run("docs/cookbook/mutual_tls.py", folder=tmp_path) == shown_output("docs/cookbook/mutual_tls.py")
