"""A host of js-libp2p, as a process that does what it is told: see javascript/host.mjs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "JavascriptHost", "javascript_host", "why_no_javascript"]

FOLDER = Path(__file__).resolve().parent / "interop" / "javascript"


def why_no_javascript() -> str:
    """Why there can be no such host here; empty where there can."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (FOLDER / "node_modules" / "libp2p").is_dir():
        return "js-libp2p is not installed: make interop"
    return ""


class JavascriptHost:
    """`listening`: its multiaddr."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.listening = ""

    async def hear(self) -> dict[str, Any]:
        """Wait for its next line."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the host has ended"
        said: dict[str, Any] = json.loads(line)
        return said

    async def do(self, what: str, **arguments: object) -> dict[str, Any]:
        """Tell it to do something, and wait for what comes of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        return await self.hear()


@contextlib.asynccontextmanager
async def javascript_host(protocol: str) -> AsyncIterator[JavascriptHost]:
    """One that echoes streams of that protocol; ended in the end."""
    process = await asyncio.create_subprocess_exec(
        "node", "host.mjs", protocol, cwd=FOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        host = JavascriptHost(process)
        host.listening = (await host.hear())["listening"]
        yield host
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
