"""The page is one document, which loads nothing, and in which nothing runs that is not its own."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from peerbus.operate.page.document import SCRIPTS, STYLES, document_of_page

STATIC = files("peerbus.operate.page") / "static"


def between(tag: str) -> str:
    (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", document_of_page().body.decode(), re.DOTALL)
    return str(found)


def test_its_policy_names_the_style_and_the_script_that_it_has_and_no_other() -> None:
    policy = document_of_page().headers["content-security-policy"]
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(between(tag).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


def test_it_loads_nothing_from_anywhere() -> None:
    text = document_of_page().body.decode()
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)([^"']+)""", text) == []
    assert re.findall(r"url\((?!#)|@import|\bimport\(|\bimport .* from ", text) == []
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of a language, which nobody fetches"


def test_no_part_of_it_makes_markup_of_text() -> None:
    script = between("script")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "srcdoc"):
        assert way not in script
    assert "new Function" not in script


def test_every_part_is_in_it_once_and_is_short_enough_to_read() -> None:
    names = {part.name for part in STATIC.iterdir()}
    assert names == {*STYLES, *SCRIPTS, "page.html"}
    for part in STATIC.iterdir():
        text = part.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, part.name
        if part.name != "page.html":
            assert text.splitlines()[0].startswith(("// ", "/* ")), f"{part.name} says what it is"
            assert text.strip() in document_of_page().body.decode()


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_its_script_can_be_read_by_a_machine(tmp_path: Path) -> None:
    script = tmp_path / "page.js"
    script.write_text(between("script"))
    subprocess.run(["node", "--check", str(script)], check=True, timeout=60)
