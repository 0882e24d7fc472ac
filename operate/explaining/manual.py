"""All pages together, and what of them a name means: an error, a page, a section, or a word that a table explains."""

# Law. What a message of the program names is found here, in the package that is installed: no address, no network.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

from ...actors.base import ConfigError, did_you_mean
from .markdown_table import MarkdownTable, tables_in
from .page_section import PageSection, sections_of

__all__ = ["Manual"]

#: The page of all errors.
ERRORS = "errors"
#: Where a page has fewer rows about a word than this they are shown whole.
MOST_PLACES = 8


class Manual:
    """The pages by name, without `.md`."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.sections: tuple[PageSection, ...] = tuple(
            section for name in sorted(pages, key=_first_errors) for section in sections_of(name, pages[name])
        )

    @classmethod
    def installed(cls) -> Manual:
        """Those of the package. Raises ConfigError where it was installed without them."""
        folder = files("peerbus") / "docs"
        pages = {
            file.name.removesuffix(".md"): file.read_text(encoding="utf-8")
            for file in (folder.iterdir() if folder.is_dir() else ())
            if file.name.endswith(".md")
        }
        if ERRORS not in pages:
            raise ConfigError("this installation has no pages: docs/ is missing in the folder of the package")
        return cls(pages)

    @property
    def errors(self) -> tuple[str, ...]:
        """The names of all errors."""
        return tuple(each.title for each in self.sections if each.page == ERRORS and each.level == 3)

    @property
    def pages(self) -> Mapping[str, str]:
        """Each page's title by its name."""
        return {each.page: each.title for each in self.sections if each.level == 1}

    def find(self, name: str) -> tuple[PageSection, ...]:
        """What explains it, section by section; of a table that explains it only the rows.

        Raises ConfigError for what no page knows.
        """
        asked = name.strip().rstrip(".:,;").removeprefix("docs/")  # as it stands at the end of a sentence
        page, hash_, anchor = asked.partition("#")
        page = page.removesuffix(".md").casefold()
        found = (
            self._error(asked)
            or (self._section(page, anchor.casefold()) if hash_ else self._page(page))
            or self._titled(frozenset({f"peerbus {asked}".casefold()}))
            or tuple(self._rows(asked))
            or self._titled(frozenset({asked.casefold()}))
        )
        if not found:
            raise ConfigError(f"no page knows {name[:80]!r}{did_you_mean(asked, self._names())}")
        return found

    def _error(self, name: str) -> tuple[PageSection, ...]:
        bare = name.rpartition(".")[2].casefold()
        return tuple(each for each in self.sections if each.page == ERRORS and each.level == 3 and each.anchor == bare)

    def _page(self, page: str) -> tuple[PageSection, ...]:
        return tuple(each for each in self.sections if each.page.casefold() == page)

    def _section(self, page: str, anchor: str) -> tuple[PageSection, ...]:
        """It, and what is inside of it."""
        inside = self._page(page)
        first = next((at for at, each in enumerate(inside) if each.anchor == anchor), None)
        return () if first is None else _whole(inside, first)

    def _titled(self, wanted: frozenset[str]) -> tuple[PageSection, ...]:
        """The first section with such a title on any page. `peerbus run` is called `run` as well."""
        for at, each in enumerate(self.sections):
            if each.level > 1 and (each.title.casefold() in wanted or each.anchor in wanted):
                return _whole(self.sections, at)
        return ()

    def _rows(self, word: str) -> Iterator[PageSection]:
        places = 0
        for section in self.sections:
            rows = [found for table in tables_in(section.text) if (found := table.about(word)) is not None]
            if rows and places < MOST_PLACES:
                places += 1
                text = "\n\n".join(map(_written, rows))
                yield PageSection(section.page, section.anchor, section.title, section.level, text)

    def _names(self) -> list[str]:
        words = {
            word
            for section in self.sections
            for table in tables_in(section.text)
            for row in table.rows
            for word in table.words(row)
        }
        places = {each.place for each in self.sections}
        return [*self.errors, *self.pages, *sorted(words | places)]


def _first_errors(page: str) -> tuple[bool, str]:
    return page != ERRORS, page


def _whole(sections: tuple[PageSection, ...], first: int) -> tuple[PageSection, ...]:
    head = sections[first]
    end = next(
        (
            at
            for at, each in enumerate(sections[first + 1 :], start=first + 1)
            if each.page != head.page or each.level <= head.level
        ),
        len(sections),
    )
    return sections[first:end]


def _written(table: MarkdownTable) -> str:
    rows = (table.head, ("---",) * len(table.head), *table.rows)
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows)
