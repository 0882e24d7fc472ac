"""Runs type checkers over programs as their authors would: outside the project, with what is installed and no more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["CHECKERS", "Complaint", "complaints", "package_complaints", "unannotated"]

ROOT = Path(__file__).parents[1]
#: By the name of a checker and its mode.
CHECKERS = ("mypy --strict", "pyright basic", "pyright strict")
#: Seconds that one may take.
PATIENCE = 240


class Complaint(NamedTuple):
    """What a checker says of a line; `file` is its path in the folder that was checked."""

    file: str
    line: int
    text: str


def complaints(checker: str, folder: Path) -> list[Complaint]:
    """What a checker finds wrong in the programs of a folder. Raises AssertionError where it does not do its work."""
    return _mypy(folder) if checker.startswith("mypy") else _pyright(folder, checker.split()[1])


def _mypy(folder: Path) -> list[Complaint]:
    files = sorted(str(each.relative_to(folder)) for each in folder.rglob("*.py"))
    # A cache of its own: the settings are not those of the project.
    options = ["--strict", "--config-file=", "--no-error-summary", f"--cache-dir={ROOT / '.mypy_cache' / 'programs'}"]
    done = _run([sys.executable, "-P", "-m", "mypy", *options, *files], folder)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^([\w/]+\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert bool(found) == bool(done.returncode), done.stdout + done.stderr
    return [Complaint(file, int(line), text) for file, line, text in found]


def package_complaints(package: str, folder: Path) -> list[Complaint]:
    """What pyright finds wrong in an installed package, in its basic mode."""
    source = import_module(package).__file__
    assert source is not None
    (folder / package).symlink_to(Path(source).parent)
    # That rule wants a body in each method of a protocol, beside its docstring; mypy checks what is returned.
    settings = {"include": [package], "typeCheckingMode": "basic", "reportReturnType": "none"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    report = json.loads(_run(_pyright_of_this_environment("--outputjson", "--project", "."), folder).stdout)
    assert report["summary"]["filesAnalyzed"] > 100, report["summary"]
    return _errors(report, folder)


def _pyright(folder: Path, mode: str) -> list[Complaint]:
    settings = {"include": ["."], "typeCheckingMode": mode}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    report = json.loads(_run(_pyright_of_this_environment("--outputjson", "--project", "."), folder).stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(folder.rglob("*.py"))), report["summary"]
    return _errors(report, folder)


def _errors(report: dict[str, Any], folder: Path) -> list[Complaint]:
    return [
        Complaint(
            os.path.relpath(each["file"], folder.resolve()),
            each["range"]["start"]["line"] + 1,
            f"{each['message']} ({each.get('rule')})",
        )
        for each in report["generalDiagnostics"]
        if each["severity"] == "error"
    ]


def unannotated(package: str, folder: Path) -> list[str]:
    """Public names of an installed package whose types a checker can only guess, as pyright tells them."""
    command = _pyright_of_this_environment("--outputjson", "--verifytypes", package, "--ignoreexternal")
    symbols = json.loads(_run(command, folder).stdout)["typeCompleteness"]["symbols"]
    assert len(symbols) > 1000
    return sorted(
        {
            symbol["name"]
            for symbol in symbols
            if any("missing type annotation" in each["message"] for each in symbol["diagnostics"])
        }
    )


def _pyright_of_this_environment(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "pyright", "--pythonpath", sys.executable, *arguments]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # Where pyright looks for packages when it is not told; and no word of newer versions of it.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )
