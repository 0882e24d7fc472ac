"""Pyright's language server, asked what an editor asks it: what hovers over a name, and what completes a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["LanguageServer"]


class LanguageServer:
    """It, over one file of a folder of its own, in a `with`. Places are found by what stands there in the text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "program.py"
        self._last = 0
        self._version = 0
        settings = {"include": ["."], "typeCheckingMode": "strict"}
        (folder / "pyrightconfig.json").write_text(json.dumps(settings))
        self._file.write_text("")
        code = "import sys; from pyright.langserver import main; main('--stdio')"
        environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def __enter__(self) -> Self:
        root = self._folder.as_uri()
        self._ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": "program"}],
                "capabilities": {
                    "textDocument": {
                        "hover": {"contentFormat": ["markdown"]},
                        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                        "signatureHelp": {"signatureInformation": {"documentationFormat": ["markdown"]}},
                    },
                    "workspace": {"configuration": True},
                },
            },
        )
        self._send({"method": "initialized", "params": {}})
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def show(self, text: str) -> None:
        """Let it read this program in the place of the one before."""
        self._version += 1
        document = {"uri": self._file.as_uri(), "languageId": "python", "version": self._version, "text": text}
        if self._version == 1:
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        else:
            changed = {"textDocument": document, "contentChanges": [{"text": text}]}
            self._send({"method": "textDocument/didChange", "params": changed})
        self._text = text

    def hover(self, at: str) -> str:
        """What hovers over the last letter of `at`, where that stands first; nothing where there is nothing."""
        found = self._ask("textDocument/hover", self._place(at, inside=True))
        return str(found["contents"]["value"]) if found else ""

    def completions(self, after: str) -> dict[str, dict[str, Any]]:
        """What may follow `after`, by its label, as an editor lists it."""
        found = self._ask("textDocument/completion", self._place(after, inside=False))
        return {} if found is None else {each["label"]: each for each in found["items"]}

    def signatures(self, after: str) -> list[dict[str, Any]]:
        """The ways to call what is being called behind `after`: those whose arguments so far fit come as `active`."""
        found = self._ask("textDocument/signatureHelp", self._place(after, inside=False))
        return [] if found is None else list(found["signatures"])

    def _place(self, text: str, *, inside: bool) -> dict[str, Any]:
        at = self._text.index(text) + len(text) - (1 if inside else 0)
        before = self._text[:at]
        line = before.count("\n")
        return {
            "textDocument": {"uri": self._file.as_uri()},
            "position": {"line": line, "character": at - (before.rfind("\n") + 1)},
        }

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._last += 1
        wanted = self._last
        self._send({"id": wanted, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                # It asks for the settings of an editor, which has none.
                items = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
                self._send({"id": message["id"], "result": [self._settings(each) for each in items]})
            elif message.get("id") == wanted and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _settings(self, item: dict[str, Any]) -> Any:
        return {"pythonPath": sys.executable} if item.get("section") == "python" else {}

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self._process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        stream.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        size = 0
        while (line := stream.readline().strip()) or not size:
            assert line or not stream.closed
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        found: dict[str, Any] = json.loads(stream.read(size))
        return found
