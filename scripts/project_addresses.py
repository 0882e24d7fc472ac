"""Where the project is published, read from the one place that says it: CITATION.cff, in the words of its format.

`repository-code` is the repository, `url` the site of docs/. Where neither is written there is none, and nothing is
invented: the metadata of a build names no address then. setup.py asks this, and docs/releasing.md says who writes it.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["citation_of", "links_made_whole", "project_addresses"]

_LINE = re.compile(r"^(repository-code|url): *[\"']?(https?://[^\s\"'#]+?)/?[\"']?\s*$", re.MULTILINE)
_LINK = re.compile(r"(?P<head>\]\(|\b(?:src|srcset|href)=\")(?P<to>(?!https?://|#|mailto:)[^)\s\"]+)(?P<end>[)\"])")


def citation_of(root: Path) -> str:
    """The file's text; nothing where a build has not got it, as in an image of a container."""
    path = root / "CITATION.cff"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def project_addresses(citation: str) -> dict[str, str]:
    """Each address by the label that package indexes know."""
    said = dict(_LINE.findall(citation))
    site, repository = said.get("url"), said.get("repository-code")
    found = {"Documentation": site} if site else {}
    if repository:
        pages = f"{repository}/blob/main"
        found.setdefault("Documentation", f"{pages}/docs/README.md")
        found |= {
            "Source": repository,
            "Issues": f"{repository}/issues",
            "Changelog": f"{pages}/CHANGELOG.md",
            "Security": f"{pages}/SECURITY.md",
        }
    return found


def links_made_whole(readme: str, addresses: dict[str, str]) -> str:
    """The README for an index, which knows no files beside it: its links lead into the repository, if there is one."""
    repository = addresses.get("Source")
    if repository is None:
        return readme

    def whole(link: re.Match[str]) -> str:
        kind = "raw" if link["to"].endswith((".png", ".svg")) else "blob"
        return f"{link['head']}{repository}/{kind}/main/{link['to']}{link['end']}"

    return _LINK.sub(whole, readme)
