"""Programs that pages show, and what each prints: `<!-- prints: docs/cookbook/quorum.py -->` before a block of text."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shown_files import DOCS, ROOT

__all__ = ["FOLDERS", "ShownOutput", "programs", "run", "run_alone", "shown_output", "shown_outputs", "write_output"]

_MARK = re.compile(r"<!-- prints: (?P<program>\S+) -->\n```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.DOTALL | re.M)
#: Folders of pages that teach; their programs stand beside the pages.
FOLDERS = tuple(DOCS / name for name in ("start", "tutorial", "cookbook", "coming-from"))
#: Programs that need more than themselves: a second process, files, a server. Tests of their own run them.
NEEDY = (
    "docs/cookbook/mutual_tls.py",
    "docs/cookbook/notebook.py",
    "docs/cookbook/two_sites.py",
    "docs/start/bob.py",
)


@dataclass(frozen=True)
class ShownOutput:
    """One place in a document: the program's path in the repository, and what it prints."""

    document: Path
    program: str
    text: str


def programs() -> list[str]:
    """The paths of all programs and configurations beside those pages."""
    files = (path for folder in FOLDERS for path in folder.rglob("*") if path.is_file())
    shown = (path for path in files if path.suffix not in (".md", ".png", ".svg", ".pyc"))
    return sorted(path.relative_to(ROOT).as_posix() for path in shown)


def shown_outputs() -> Iterator[ShownOutput]:
    """Every place."""
    for document in sorted(DOCS.rglob("*.md")):
        for found in _MARK.finditer(document.read_text(encoding="utf-8")):
            yield ShownOutput(document, found["program"], found["text"])


def run_alone() -> list[str]:
    """The programs whose output is shown, and that need nothing else."""
    return sorted({each.program for each in shown_outputs()} - set(NEEDY))


def shown_output(program: str) -> str:
    """What the one page that shows it says it prints."""
    (shown,) = [each.text for each in shown_outputs() if each.program == program]
    return shown


def write_output(program: str, printed: str) -> None:
    """Put what it prints into the documents that show it."""
    for document in {each.document for each in shown_outputs() if each.program == program}:
        text = document.read_text(encoding="utf-8")
        document.write_text(_MARK.sub(lambda found: _with(found, program, printed), text), encoding="utf-8")


def _with(found: re.Match[str], program: str, printed: str) -> str:
    if found["program"] != program:
        return found[0]
    return f"<!-- prints: {program} -->\n```{found['language']}\n{printed}```"


def run(program: str, *arguments: str, folder: Path | None = None) -> str:
    """What it prints, run in this process as `python program`, twenty times as quick as in another.

    `folder`: where it finds files; None: its own.
    """
    path = ROOT / program
    printed, argv, modules = io.StringIO(), sys.argv[:], set(sys.modules)
    sys.path.insert(0, str(path.parent))
    sys.argv[:] = [str(path), *arguments]
    try:
        with contextlib.redirect_stdout(printed), contextlib.chdir(folder or path.parent):
            runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.argv[:] = argv
        sys.path.remove(str(path.parent))
        for name in set(sys.modules) - modules:  # those beside it: another page has others of the same name
            if str(getattr(sys.modules[name], "__file__", None)).startswith(str(path.parent)):
                del sys.modules[name]
    return printed.getvalue()
