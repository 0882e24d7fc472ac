"""The blocks of code that the pages show, and how each of them is kept honest."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shown_files import ROOT, documents

__all__ = ["Block", "blocks", "commands_in", "is_run", "prose_commands"]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n+)?(?P<indent> *)(?P<fence>```+)(?P<language>[\w-]*)[^\n]*\n"
    r"(?P<text>.*?)^(?P=indent)(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
#: What a line of a terminal begins with: a prompt, also with the name of the machine.
_PROMPT = re.compile(r"^(?:[\w-]*\$|#) +(?P<command>.+)$")
_SEPARATORS = {"|", "||", "&&", ";", "&", ">", ">>", "<"}


@dataclass(frozen=True)
class Block:
    """One block. `mark`: what stands in the comment right above it."""

    document: Path
    line: int
    language: str
    mark: str
    text: str

    @property
    def place(self) -> str:
        """The page and the line, as an editor takes it."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def shown(self) -> str | None:
        """The file that it is a part of."""
        found = re.fullmatch(r"file: ([^\s#]+)(?:#\S+)?", self.mark)
        return None if found is None else found[1]


def blocks(*languages: str) -> Iterator[Block]:
    """Those of every page in one of these languages."""
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found["language"] in languages:
                line = text.count("\n", 0, found.start("fence")) + 1
                yield Block(document, line, found["language"], found["mark"] or "", found["text"])


def is_run(path: str) -> bool:
    """Whether the suite runs that file.

    It is a test, a page shows what it prints, a test names it, or what is run beside it or below it imports it.
    """
    if _is_run_itself(path):
        return True
    stem, folder = Path(path).stem, Path(path).parent
    imported = re.compile(rf"^\s*(?:from|import) [\w., ]*\b{stem}\b|\"{stem}:", re.MULTILINE)
    beside = [*(ROOT / folder).glob("*.py"), *(ROOT / folder.parent).glob("*.py")]
    for name in {other.relative_to(ROOT).as_posix() for other in beside} - {path}:
        if imported.search((ROOT / name).read_text(encoding="utf-8")) and _is_run_itself(name):
            return True
    return False


def _is_run_itself(path: str) -> bool:
    if path.startswith("tests/") or any(f"<!-- prints: {path} -->" in page for page in _pages()):
        return True
    stem, folder = Path(path).stem, Path(path).parent.name
    named = re.compile(
        rf"\b{stem}\.py\b|^\s*(?:from|import) [\w., ]*\b{stem}\b|import_module\(\"{stem}\"|\"{stem}:|{folder}/{stem}\b",
        re.MULTILINE,
    )
    first, _, last = stem.rpartition("_")  # "celery_before" is what a test makes of "celery" and "_before"
    return any(
        (stem in text and named.search(text)) or (first and f'"{first}"' in text and f"_{last}.py" in text)
        for text in _tests()
    )


@functools.cache
def _tests() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))


@functools.cache
def _pages() -> tuple[str, ...]:
    return tuple(page.read_text(encoding="utf-8") for page in documents())


def commands_in(text: str, program: str) -> Iterator[list[str]]:
    """The words of each call of a program in what a terminal shows, without what is piped, redirected or assigned."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        found = _PROMPT.match(line.strip())
        if found is not None:
            yield from _calls(found["command"], program)


def prose_commands(text: str, program: str) -> Iterator[list[str]]:
    """The words of each call that a text names as `program word …`."""
    bare = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    for found in re.finditer(rf"(?<!`)`({program} [^`]+)`(?!`)", bare):
        yield from _calls(" ".join(found[1].split()), program)


def _calls(line: str, program: str) -> Iterator[list[str]]:
    # What a shell would do for a word is done before: "$(peerbus id a.pem)" calls peerbus as well.
    for inner in re.findall(r"[$<]\(([^()]*)\)", line):
        yield from _calls(inner, program)
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return
    current: list[str] = []
    for word in [*words, ";"]:
        if word in _SEPARATORS or re.fullmatch(r"\d?>.*", word):
            called = _called(current, program)
            if called is not None:
                yield called
            current = []
        else:
            current.append(word)


def _called(words: list[str], program: str) -> list[str] | None:
    for place, word in enumerate(words):
        if word == program or word.endswith(f"/{program}"):
            return words[place + 1 :]
        if not re.fullmatch(r"\w+=.*|sudo|env|exec|timeout|[\d.]+", word):
            return None
    return None
