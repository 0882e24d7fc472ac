"""The search of the site takes words: what is pasted, an error's text or a flag, is no query language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts/docs_site/plain-search.js"
NODE = shutil.which("node")

#: A worker that says what it got, of one query after the other.
_ASKS = """
globalThis.Worker = class { postMessage(message) { this.got = message; } };
(0, eval)(require("fs").readFileSync(process.argv[1], "utf8"));
const worker = new Worker();
const got = JSON.parse(process.argv[2]).map((message) => (worker.postMessage(message), worker.got));
console.log(JSON.stringify(got));
"""


def got(*messages: object) -> list[object]:
    assert NODE is not None
    ran = subprocess.run(
        [NODE, "-e", _ASKS, str(SCRIPT), json.dumps(messages)], check=True, capture_output=True, text=True, timeout=60
    )
    found: list[object] = json.loads(ran.stdout)
    return found


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("NoRoute: no peer is connected", ["NoRoute", "no", "peer", "is", "connected"]),
        ("peerbus ask --wait", ["peerbus", "ask", "wait"]),
        ('Role("words", "all")', ["Role", "words", "all"]),
        ("bus://role:archive/blocks", ["bus", "role", "archive", "blocks"]),
        ("see peers.max_connected. It's", ["see", "peers.max_connected", "It's"]),
        ("how long does größe~2 take?", ["how", "long", "does", "größe", "take"]),
        ("PEERBUS_PURE=1", ["PEERBUS_PURE"]),
        ("p", ["p"]),
        ('"the same words"', ['"the', "same", 'words"']),
    ],
)
def test_a_query_is_the_words_that_were_typed(typed: str, words: list[str]) -> None:
    (message,) = got({"type": 2, "data": typed})
    assert isinstance(message, dict)
    assert message["data"].split() == words


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_what_is_no_query_goes_as_it_is() -> None:
    setup = {"type": 0, "data": {"config": {"separator": "[\\s\\-]+"}}}
    assert got(setup, {"type": 1, "data": "--a"}) == [setup, {"type": 1, "data": "--a"}]


def test_the_index_holds_words_and_none_that_ends_a_search_with_an_error() -> None:
    (written,) = re.findall(r"separator: '(.*)'\n", (ROOT / "mkdocs.yml").read_text())
    text = "NoRoute: print(*all) &lt;a&gt; **options /readyz 127.0.0.1:7400 peers.max_connected. p*"
    words = [word for word in re.split(written.replace("''", "'"), text) if word]
    assert words == [
        "NoRoute",
        "print",
        "all",
        "a",
        "options",
        "readyz",
        "127.0.0.1",
        "7400",
        "peers.max_connected",
        "p",
    ]


def test_each_page_loads_it_behind_what_may_take_the_place_of_a_worker() -> None:
    configured = (ROOT / "mkdocs.yml").read_text()
    assert 0 < configured.index("- assets/iframe-worker.js") < configured.index("- assets/plain-search.js")
    assert '"plain-search.js"' in (ROOT / "scripts/docs_site/hooks.py").read_text()
