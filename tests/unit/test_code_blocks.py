"""Each block of code that a page shows is run, or is a part of a file that is; each command that it names is one."""

from __future__ import annotations

import configparser
import contextlib
import functools
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from code_blocks import Block, blocks, commands_in, is_run, prose_commands
from shown_files import ROOT, documents

from peerbus.operate.cli import main

#: Blocks of Python that a test of their own runs.
OF_THEIR_OWN = {
    "README.md": "tests/unit/test_readme.py",
    "docs/testing.md": "tests/unit/testing/test_documents.py",
    "docs/security.md": "tests/unit/test_readme.py",
    "docs/messages.md": "tests/messages_page.py",
}


def _alone() -> list[Block]:
    """Those that stand for themselves."""
    return [
        block
        for block in blocks("python", "py", "pycon")
        if block.shown is None and str(block.document.relative_to(ROOT)) not in OF_THEIR_OWN
    ]


@pytest.mark.parametrize("block", _alone(), ids=lambda block: block.place)
def test_a_block_that_is_no_part_of_a_file_runs_as_it_stands(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "block.py"
    program.write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", program], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=30
    )
    assert done.returncode == 0, (
        f"{block.place} does not run; show a region of a test, behind <!-- file: … --> (CONTRIBUTING.md)\n{done.stderr}"
    )


def test_each_file_that_a_block_is_a_part_of_is_run() -> None:
    shown = {block.place: block.shown for block in blocks("python", "py") if block.shown is not None}
    assert [f"{place}: no test names {path}" for place, path in shown.items() if not is_run(path)] == []


def test_what_runs_the_blocks_of_a_page_is_there() -> None:
    for page, test in OF_THEIR_OWN.items():
        assert (ROOT / page).name in (ROOT / test).read_text(encoding="utf-8")


@functools.cache
def _help(*words: str) -> str:
    """What the command says of itself; empty where there is no such command."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
        try:
            main([*words, "--help"])
        except SystemExit as ended:
            return "" if ended.code else told.getvalue()
    return told.getvalue()


def _fault(words: list[str]) -> str | None:
    """What is wrong with a call of peerbus, None where nothing is."""
    plain = [word for word in words if not word.startswith("-")]
    if not plain or not re.fullmatch(r"[a-z][a-z-]*", plain[0]):  # flags alone, or COMMAND in place of one
        return None
    command = [plain[0]]
    text = _help(*command)
    if not text:
        return f"there is no command {plain[0]!r}"
    if "VERB" in text.splitlines()[0] and len(plain) > 1 and re.fullmatch(r"[a-z-]+", plain[1]):
        command.append(plain[1])
        text = _help(*command)
        if not text:
            return f"there is no 'peerbus {' '.join(command)}'"
    flags = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
    unknown = sorted(flag for flag in flags if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text))
    return f"'peerbus {' '.join(command)}' has no {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_page_are_there_with_their_flags(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    shown = [block for block in blocks("console", "sh", "bash", "shell") if block.document == document]
    calls = [(block.place, words) for block in shown for words in commands_in(block.text, "peerbus")]
    if document.name != "wire.md":  # what is hashed and signed there begins with the same word
        calls += [(document.name, words) for words in prose_commands(text, "peerbus")]
    faults = [f"{place}: {fault}" for place, words in calls if (fault := _fault(words)) is not None]
    assert faults == []


def test_a_command_that_is_none_is_found() -> None:
    block = (
        "$ A=b peerbus rum alice.toml | tee log   # runs it\n$ peerbus run x --chek && source <(peerbus ca isue)\nout\n"
    )
    faults = [_fault(words) for words in commands_in(block, "peerbus")]
    assert faults == ["there is no command 'rum'", "there is no 'peerbus ca isue'", "'peerbus run' has no --chek"]
    assert [
        _fault(words) for words in prose_commands("`peerbus status --node NAME`, `peerbus nothing`", "peerbus")
    ] == [
        None,
        "there is no command 'nothing'",
    ]


def test_the_extras_that_a_page_installs_are_there() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = set(setup["options.extras_require"])
    named = {
        (document.name, extra)
        for document in documents()
        for group in re.findall(r"peerbus\[([a-z0-9, -]+)\]", document.read_text(encoding="utf-8"))
        for extra in re.split(r"\s*,\s*", group)
    }
    assert [f"{page}: no extra {extra!r}" for page, extra in sorted(named) if extra not in extras] == []


@pytest.mark.parametrize("block", list(blocks("toml", "json")), ids=lambda block: block.place)
def test_a_block_of_data_is_well_formed(block: Block) -> None:
    if block.language == "toml":
        tomllib.loads(block.text)
    else:
        json.loads(block.text)
