"""The licences of all that peerbus needs, as the packages that are installed say them, for docs/licences.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["EXTRAS", "PAGE", "Licensed", "current_page", "listed", "needed"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "licences.md"
#: What users install; what only who works on peerbus needs is not shipped, and not listed.
EXTRAS = ("", "fast", "zstd", "otel", "dns", "top")
#: What licences are called where a package does not say it in SPDX's words.
_SPDX: Mapping[str, str] = {
    "mit": "MIT",
    "mit license": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "psf-2.0": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "isc": "ISC",
    "lgpl-2.1-or-later": "LGPL-2.1-or-later",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.1-or-later",
}
_TABLE = re.compile(r"(?<=<!-- licences -->\n).*?(?=<!-- end -->)", re.DOTALL)
_ROW = re.compile(r"^\| (?P<name>[a-z0-9][\w.-]*) \| (?P<licence>[^|]+?) \| (?P<by>[^|]+?) \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Licensed:
    """A package: its licence, in SPDX's words, and whether `peerbus` alone needs it, or which of its extras."""

    name: str
    licence: str
    by: str


def needed() -> dict[str, Licensed]:
    """What is installed of all that peerbus and its extras need, and what these need, by name."""
    found: dict[str, Licensed] = {}
    for extra in EXTRAS:
        for dist in _closure(distribution("peerbus"), extra, set()):
            name = canonicalize_name(dist.metadata["Name"])
            by = f"`peerbus[{extra}]`" if extra else "every node"
            found.setdefault(name, Licensed(name, _licence_of(dist), by))
    return dict(sorted(found.items()))


def _closure(dist: Distribution, extra: str, seen: set[str]) -> Iterator[Distribution]:
    for text in dist.requires or ():
        wanted = Requirement(text)
        name = canonicalize_name(wanted.name)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        # What an extra adds, and not what the package needs anyway: that was seen as such.
        if extra and wanted.marker is None and dist.metadata["Name"] == "peerbus":
            continue
        if name in seen:
            continue
        seen.add(name)
        try:
            inner = distribution(name)
        except PackageNotFoundError:  # of an extra that is not installed here
            continue
        if name != "peerbus":
            yield inner
        for each in sorted(wanted.extras) or [""]:
            yield from _closure(inner, each, seen)


def _licence_of(dist: Distribution) -> str:
    """By `License-Expression` (PEP 639), else by the classifiers, else by the old field where that is a name."""
    metadata = dist.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    named = [each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier", []) if each.startswith("License ::")]
    said = named or [metadata["License"].strip() if "License" in metadata else "not said"]
    return " AND ".join(_SPDX.get(each.lower(), each) for each in said)


def listed(page: str) -> dict[str, Licensed]:
    """The rows of the page."""
    return {found["name"]: Licensed(**found.groupdict()) for found in _ROW.finditer(page) if found["name"] != "package"}


def current_page(page: str) -> str:
    """The page with what is found here. What is in it and not needed on this Python stays: another one may need it."""
    rows = {**listed(page), **needed()}
    order = sorted(rows.values(), key=lambda each: (each.by != "every node", each.by, each.name))
    lines = [f"| {each.name} | {each.licence} | {each.by} |" for each in order]
    table = "\n".join(["| package | licence | needed by |", "| --- | --- | --- |", *lines])
    return _TABLE.sub(lambda _: f"{table}\n", page)
