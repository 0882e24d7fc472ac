"""Names are right before anything is written, and an error says what would be."""

from __future__ import annotations

import pytest

from peerbus.actors.base import ConfigError
from peerbus.operate.scaffold.names import ProjectNames, ReactorNames


@pytest.mark.parametrize(
    ("text", "package"),
    [("weather", "weather"), ("my-app", "my_app"), ("my_app", "my_app"), ("a1", "a1"), ("match", "match")],
)
def test_a_project_is_called_as_its_folder(text: str, package: str) -> None:
    assert ProjectNames.of(text) == ProjectNames(text, package)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class", "keyword"),
        ("asyncio", "standard library.*'my-asyncio'"),
        ("string", "standard library"),
        ("peerbus", "hide the installed 'peerbus'"),
        ("msgspec", "hide the installed 'msgspec'.*'msgspec-app'"),
        ("tests", "for something else"),
        ("keys", "for something else"),
        ("My App", "no name for a project.*as 'my-app'"),
        ("MyApp", "as 'my-app'"),
        ("my--app", "as 'my-app'"),
        ("1st", "no name for a project"),
        ("", "no name for a project"),
        ("..", "no name for a project"),
        ("grüße", "no name for a project"),
        ("a" * 41, "at most 40"),
    ],
)
def test_a_name_that_could_not_be_imported_or_would_hide_another_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        ProjectNames.of(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ledger", ("Ledger", "ledger", "ledger")),
        ("Ledger", ("Ledger", "ledger", "ledger")),
        ("block-sync", ("BlockSync", "block_sync", "block-sync")),
        ("block_sync", ("BlockSync", "block_sync", "block-sync")),
        ("BlockSync", ("BlockSync", "block_sync", "block-sync")),
        ("HTTPGate2", ("HTTPGate2", "http_gate2", "http-gate2")),
    ],
)
def test_a_reactor_has_a_class_a_module_and_a_channel(text: str, names: tuple[str, str, str]) -> None:
    assert ReactorNames.of(text) == ReactorNames(*names)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class", "keyword"),
        ("Import", "keyword"),
        ("queue", "standard library"),
        ("peerbus", "hide the package"),
        ("Reactor", "a name of peerbus"),
        ("pool", "a name of peerbus.*'my-pool'"),
        ("Exception", "a name of Python itself"),
        ("_hidden", "no name for a reactor"),
        ("two words", "no name for a reactor"),
        ("a/b", "no name for a reactor"),
    ],
)
def test_a_reactor_whose_name_means_something_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        ReactorNames.of(text)
