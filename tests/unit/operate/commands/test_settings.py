from __future__ import annotations

import argparse

import pytest

from peerbus.operate.commands.settings import add_settings, settings_said


def test_what_the_command_line_sets_stands_above_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERBUS_NAME", "of-the-environment")
    parser = argparse.ArgumentParser()
    add_settings(parser)
    said = settings_said(parser.parse_args(["--set", "name=of-the-words"]))
    assert [each.value for each in said if each.name == "name"] == ["of-the-environment", "of-the-words"]
