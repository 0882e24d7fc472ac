"""docs/cli.md says what the command line says of itself."""

from __future__ import annotations

from cli_page import PAGE, current_page

from peerbus.operate.commands.catalogue import COMMANDS


def test_the_page_is_what_the_parsers_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == current_page(), "run: make generate"


def test_every_command_has_a_section() -> None:
    page = current_page()
    assert [entry.name for entry in COMMANDS if f"### peerbus {entry.name}\n" not in page] == []
