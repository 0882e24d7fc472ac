"""The reference has every public name, once, on a page that the navigation finds."""

from __future__ import annotations

import importlib
import re

from docs_site.reference import PACKAGES, api_pages


def test_every_export_is_documented_on_one_page() -> None:
    shown = [name for text in api_pages().values() for name in re.findall(r"^::: (\S+)$", text, re.MULTILINE)]
    wanted = [
        f"peerbus.{package}.{name}"
        for package in PACKAGES
        for name in getattr(importlib.import_module(f"peerbus.{package}"), "__all__", ())
    ]
    assert sorted(shown) == sorted(wanted)


def test_what_an_actor_has_of_its_private_bases_is_shown_with_it() -> None:
    (page,) = [text for text in api_pages().values() if "::: peerbus.actors.Actor\n" in text]
    inherited = re.search(
        r"^::: peerbus\.actors\.Actor\n    options:\n      inherited_members: (.+)$", page, re.MULTILINE
    )
    assert inherited is not None
    assert {"every", "after"} <= set(re.findall(r"\w+", inherited[1]))


def test_links_of_a_table_lead_to_pages_that_are_there() -> None:
    pages = api_pages()
    for name, text in pages.items():
        folder = name.rpartition("/")[0]
        for link in re.findall(r"\]\(([\w./]+\.md)", text):
            assert f"{folder}/{link}".lstrip("/") in pages, f"{name} leads to {link}"
