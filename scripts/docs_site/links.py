"""Links of the pages that lead into the repository, beside docs/: what they lead to becomes pages of the site.

A page of docs/ keeps its place. `../examples/jobs/README.md` becomes the page `repository/examples/jobs.md`, a file
that is no page is shown as one, a folder without a README is listed, and a picture is copied. So the pages read
the same on a plain Git host.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from .prose import outside_code

__all__ = ["Repository"]

_PICTURES = {".png", ".svg", ".jpg", ".gif"}
#: What of docs/ is shown as a page, as a browser would else offer to save it.
_SOURCES = {".py", ".cddl"}
_LANGUAGES = {
    ".py": "python",
    ".toml": "toml",
    ".js": "javascript",
    ".html": "html",
    ".yml": "yaml",
    ".json": "json",
    ".cddl": "text",
}
_LINK = re.compile(
    r"(?P<code>`+)(?!`).*?(?<!`)(?P=code)(?!`)"
    r"|(?P<head>!?\[(?:[^\[\]]|\[[^\]]*\])*\]\()(?P<to>[^)\s]+)(?P<tail>[^)]*\))"
    r'|(?P<attribute>\b(?:src|srcset|href)=")(?P<url>[^"]+)(?P<quote>")',
    re.DOTALL,
)


class Repository:
    """The repository at `root`: which page of the site each of its files is, and which files pages lead to."""

    def __init__(self, root: Path, *, docs: str = "docs", prefix: str = "repository") -> None:
        self.root = root
        self.docs = docs
        self.prefix = prefix

    def place(self, path: str) -> str:
        """Where a path of the repository is in the site's sources. Raises: FileNotFoundError where it is nothing."""
        file = self.root / path
        if not file.exists():
            raise FileNotFoundError(path)
        inside = path.startswith(f"{self.docs}/")
        if inside and file.is_file() and file.suffix not in _SOURCES:
            return path.removeprefix(f"{self.docs}/")
        if file.is_dir():
            index = f"{path}/README.md"
            if inside and (self.root / index).is_file():
                return index.removeprefix(f"{self.docs}/")
            return f"{self.prefix}/{path}.md"
        if file.name == "README.md" and "/" in path:  # no index of its own: a navigation would take it for a section's
            return f"{self.prefix}/{posixpath.dirname(path)}.md"
        if file.suffix == ".md" or file.suffix in _PICTURES:
            return f"{self.prefix}/{path}"
        return f"{self.prefix}/{path}.md"

    def path(self, place: str) -> str:
        """The path of the repository that stands at that place of the sources."""
        if not place.startswith(f"{self.prefix}/"):
            return f"{self.docs}/{place}"
        path = place.removeprefix(f"{self.prefix}/")
        if (self.root / path).exists():
            return path
        bare = path.removesuffix(".md")
        index = f"{bare}/README.md"
        return index if (self.root / index).is_file() else bare

    def content(self, place: str) -> str:
        """The Markdown of a page that stands beside docs/: the page, a file shown as one, or a list of a folder."""
        path = self.path(place)
        file = self.root / path
        if file.is_dir():
            names = sorted(each.name + "/" * each.is_dir() for each in file.iterdir() if _shown(each))
            return f"# {path}\n\n" + "".join(f"- `{name}`\n" for name in names)
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".md":
            return text
        fence = "`" * (max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1)
        return f"# `{path}`\n\n{fence}{_LANGUAGES.get(file.suffix, 'text')}\n{text}\n{fence}\n"

    def title(self, path: str) -> str:
        """The first heading of a page, in place of the name of its file, which says nothing in the site."""
        found = re.search(r"^# (.+)$", (self.root / path).read_text(encoding="utf-8"), re.MULTILINE)
        return found[1] if found else path

    def led_to(self, places: list[str], named: list[str]) -> set[str]:
        """The places beside docs/ that are `named`, those that `places` lead to, and those that these lead to."""
        found = set(named)
        left = [*places, *(place for place in named if place.endswith(".md"))]
        while left:
            place = left.pop()
            text = self._text(place)

            def note(path: str) -> str:
                try:
                    there = self.place(path)
                except FileNotFoundError:
                    return path
                if there.startswith(f"{self.prefix}/") and there not in found:
                    found.add(there)
                    if there.endswith(".md"):
                        left.append(there)
                return path

            self._each_link(place, text, note)
        return found

    def linked(self, place: str, text: str) -> str:
        """The page with its links as they are in the site. One that leads nowhere stays: the strict build names it."""
        here = posixpath.dirname(place)

        def there(path: str) -> str | None:
            try:
                return posixpath.relpath(self.place(path), here or ".")
            except FileNotFoundError:
                return None

        return self._each_link(place, text, there)

    def _text(self, place: str) -> str:
        if place.startswith(f"{self.prefix}/"):
            return self.content(place)
        return (self.root / self.docs / place).read_text(encoding="utf-8")

    def _each_link(self, place: str, text: str, change: Callable[[str], str | None]) -> str:
        folder = posixpath.dirname(self.path(place))

        def changed(found: re.Match[str]) -> str:
            if found["code"]:
                return found[0]
            head, to, tail = (
                (found["head"], found["to"], found["tail"])
                if found["head"]
                else (found["attribute"], found["url"], found["quote"])
            )
            path, mark, anchor = to.partition("#")
            if not path or re.match(r"[a-z]+:|/", path):
                return found[0]
            target = posixpath.normpath(posixpath.join(folder, path))
            new = change(target)
            if new is None:
                return found[0]
            if found["attribute"] and new.endswith(".md"):  # raw HTML, which mkdocs leaves as it is
                new = re.sub(r"README\.md$", "index.md", new).removesuffix(".md") + ".html"
            if head.strip("[]`(") == path and path.endswith(".md"):
                head = f"[{self.title(target)}]("
            return f"{head}{new}{mark}{anchor}{tail}"

        return outside_code(text, lambda prose: _LINK.sub(changed, prose))


def _shown(file: Path) -> bool:
    return not file.name.startswith((".", "__pycache__"))
