"""What an index, a citation and a reader are told of the package agrees with itself."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys

import yaml
from project_addresses import links_made_whole, project_addresses
from source_tree import ROOT

from peerbus import __version__

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")
METADATA = SETUP["metadata"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
#: Modules that Windows has not.
POSIX = ("fcntl", "grp", "pwd", "resource", "termios", "tty")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_one_version_stands_everywhere() -> None:
    client = json.loads((ROOT / "clients" / "javascript" / "package.json").read_text(encoding="utf-8"))
    assert {METADATA["version"], CITATION["version"], client["version"]} == {__version__}


def test_the_citation_is_the_one_place_that_says_where_the_project_is_published() -> None:
    assert not METADATA.keys() & {"url", "project_urls", "download_url", "home_page"}
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    said = {key: str(CITATION[key]) for key in ("repository-code", "url") if key in CITATION}
    assert set(project_addresses(citation).values()) >= set(said.values())
    assert bool(project_addresses(citation)) == bool(said), "no address is invented"


def test_what_is_written_there_makes_every_address_and_the_links_of_the_readme() -> None:
    published = "repository-code: https://forge.example/bus/peerbus/\nurl: 'https://bus.example'\n"
    urls = project_addresses(published)
    assert urls["Documentation"] == "https://bus.example"
    assert urls["Source"] == "https://forge.example/bus/peerbus"
    named = [url.partition("/blob/main/")[2] for url in urls.values() if "/blob/main/" in url]
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []
    readme = links_made_whole((ROOT / "README.md").read_text(encoding="utf-8"), urls)
    left = re.findall(r"\]\((?!https://)([^)#]+)\)|(?:src|srcset)=\"(?!https://)([^\"]+)", readme)
    assert left == []
    assert "https://forge.example/bus/peerbus/raw/main/docs/dashboard.png" in readme
    assert links_made_whole("[a](b.md)", {}) == "[a](b.md)"


def test_the_citation_says_what_the_format_asks_for() -> None:
    assert CITATION["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= CITATION.keys()
    assert CITATION["license"] == METADATA["license"]
    assert CITATION["title"] == METADATA["name"]


def test_the_pythons_that_are_named_are_those_that_the_page_about_platforms_names() -> None:
    named = re.findall(
        r"^Programming Language :: Python :: (3\.\d+)$", "\n".join(_lines(METADATA["classifiers"])), re.M
    )
    page = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    supported = re.search(r"CPython ([\d., ]+) \| \*\*supported\*\*", page)
    assert supported is not None
    assert supported[1].strip().split(", ") == named
    assert SETUP["options"]["python_requires"] == f">={named[0]}"


def test_the_bus_of_one_process_needs_nothing_that_windows_has_not() -> None:
    program = f"""
import sys
sys.modules.update(dict.fromkeys({POSIX!r}))
import asyncio
from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, handles

class Add(Message):
    number: int

class Sum(Reactor):
    channel = Channel("sum", messages=(Add,))
    @handles(Add)
    def add(self, message: Add) -> int:
        return message.number + 1

async def main():
    async with Bus(reactors=[Sum]) as bus:
        print(await bus.ask(LOCAL / Sum, Add(1)))

asyncio.run(main())
sys.platform = "win32"
try:
    from peerbus.node import Node
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answer, why = done.stdout.splitlines()
    assert answer == "2"
    assert "WSL 2" in why
