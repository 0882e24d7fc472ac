"""What a message of the program names is found in the pages that are installed with it."""

from __future__ import annotations

import ast
import re

import pytest
from source_tree import MODULES

from peerbus.actors import ConfigError
from peerbus.operate.explaining import Manual

MANUAL = Manual.installed()
#: What comes behind the command in a sentence: names, until another sign than theirs.
_NAMED = re.compile(r"peerbus explain ((?:[\w.#-]+)(?: [A-Z]\w+)*)")


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("NoRoute", ["errors#noroute"]),
        ("peerbus.actors.NoRoute:", ["errors#noroute"]),
        ("docs/errors.md#noroute", ["errors#noroute"]),
        ("operate#a-slow-reactor", ["operate#a-slow-reactor"]),
        ("a slow reactor", ["operate#a-slow-reactor"]),
        ("deadline_credit", ["operate#dead-letters"]),
        ("PEERS.max_connected", ["configuration#keys"]),
        ("peerbus_mailbox_messages", ["metrics"]),
        ("PeerRefused", ["events"]),
        ("run", ["cli#peerbus-run"]),
    ],
)
def test_a_name_finds_what_explains_it(name: str, places: list[str]) -> None:
    found = [each.place for each in MANUAL.find(name)]
    assert found[: len(places)] == places


def test_a_page_is_all_of_its_sections_and_a_row_is_that_row_alone() -> None:
    assert len(MANUAL.find("operate")) == len([each for each in MANUAL.sections if each.page == "operate"])
    (row, *_) = MANUAL.find("network_key")
    assert row.place == "errors#handshakefailed"
    assert "not the key" in row.text
    assert "self_dial" not in row.text


@pytest.mark.parametrize(
    ("name", "meant"),
    [("NoRout", "NoRoute"), ("operat", "operate"), ("peerbus_mailbox_mesages", "peerbus_mailbox_messages")],
)
def test_what_no_page_knows_is_refused_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"no page knows '{name}'; did you mean '{meant}'\?"):
        MANUAL.find(name)


def test_an_installation_without_pages_says_so(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.operate.explaining.manual.files", lambda _: tmp_path)
    with pytest.raises(ConfigError, match="has no pages: docs/ is missing"):
        Manual.installed()


def test_every_sentence_of_the_program_names_what_is_there_and_no_path_of_the_repository() -> None:
    named, paths = dict[str, str](), list[str]()
    for module in MODULES.values():
        documented = {
            id(node.body[0].value)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
                place = module.place(node.lineno)
                named |= {name: place for found in _NAMED.findall(node.value) for name in found.split()}
                paths += [place for _ in re.findall(r"docs/\w+\.md", node.value)]
    assert paths == [], "who has installed a wheel has no docs/: name `peerbus explain PAGE`"
    assert len(named) > 5
    for name, place in named.items():
        if name != "NAME":
            assert MANUAL.find(name), place
