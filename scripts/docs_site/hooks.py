"""What mkdocs calls while it builds the site (https://www.mkdocs.org/user-guide/configuration/#hooks)."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs_site.built import faults
from docs_site.links import Repository
from docs_site.navigation import expanded
from docs_site.pictures import drawn
from docs_site.prose import sane
from docs_site.reference import api_pages

ROOT = Path(__file__).resolve().parents[2]
#: What pages load beside what the theme has.
ASSETS = [Path(__file__).with_name(name) for name in ("site.css", "iframe-worker.js", "plain-search.js")]
API = "api"

repository = Repository(ROOT)
pages = {f"{API}/{name}": text for name, text in api_pages().items()}
log = logging.getLogger("mkdocs.peerbus")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of each folder into the navigation."""
    assert config.nav is not None
    config.nav = expanded(Path(config.docs_dir), config.nav, pages)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what does not stand in docs/: pages of the repository that others lead to, the reference, assets."""
    for place in sorted(repository.led_to([file.src_uri for file in files.documentation_pages()], _named(config))):
        path = ROOT / repository.path(place)
        if place.endswith(".md"):
            files.append(File.generated(config, place, content=repository.content(place)))
        else:
            files.append(File.generated(config, place, abs_src_path=str(path)))
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for asset in ASSETS:
        files.append(File.generated(config, f"assets/{asset.name}", abs_src_path=str(asset)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to where things are in the site, draw what is drawn, and read lists as a Git host does."""
    place = page.file.src_uri
    if place in pages:
        return markdown
    return sane(drawn(repository.linked(place, markdown), ROOT / "docs", place))


def on_post_build(config: MkDocsConfig) -> None:
    """Read what was built, as a browser would."""
    found = faults(Path(config.site_dir))
    for fault in found:
        log.error(fault)
    if found:
        raise PluginError(f"{len(found)} faults in what was built, see above")


def _named(config: MkDocsConfig) -> list[str]:
    """The places beside docs/ that the navigation names."""
    return re.findall(rf"{repository.prefix}/[^'\"]+", str(config.nav))
