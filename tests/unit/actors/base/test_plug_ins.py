"""What packages bring is imported when its name is asked for, and takes nothing's place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from brought import package

from peerbus.actors.base import ConfigError
from peerbus.actors.base.plug_ins import BuiltIn, Installed, PlugIns, blamed

GROUP = "peerbus.tests"
BUILT_IN = {
    "zero": BuiltIn("math", "inf"),
    "lacking": BuiltIn("math", "inf", "more", "a_module_that_is_not_there"),
    "wrong": BuiltIn("math", "sqrt"),
}


def plug_ins() -> PlugIns[float]:
    return PlugIns("number", float, GROUP, BUILT_IN)


def test_a_name_is_imported_when_it_is_asked_for_and_not_before(tmp_path: Path) -> None:
    with package(tmp_path, "brings_pi", "PI = 3.14\n", {GROUP: {"pi": "brings_pi:PI", "zero": "brings_pi:PI"}}):
        numbers = plug_ins()
        assert numbers.listed() == [
            Installed("zero", "peerbus"),
            Installed("lacking", "peerbus", "pip install peerbus[more]"),
            Installed("wrong", "peerbus"),
            Installed("pi", "brings_pi"),
        ]
        assert "brings_pi" not in sys.modules
        assert numbers.load("zero") == float("inf"), "what is built in is never replaced"
        assert "brings_pi" not in sys.modules
        assert numbers.load("pi") == 3.14


def test_what_cannot_be_had_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    points = {GROUP: {"broken": "broken_numbers:X", "text": "sys:platform"}}
    (tmp_path / "more").mkdir()
    with (
        package(tmp_path, "broken_numbers", "raise RuntimeError('no sums today')\n", points),
        package(tmp_path / "more", "leaves", "import sys\nsys.exit(3)\n", {GROUP: {"leaving": "leaves:X"}}),
    ):
        for name, why in (
            ("lacking", r"lacking needs more than is installed: pip install peerbus\[more\]"),
            ("unknown", r"unknown number 'unknown'; installed are zero, wrong, broken, leaving, text"),
            ("leaving", r"the package leaves brings the number leaving.*SystemExit: 3"),
            ("broken", r"the package broken_numbers brings the number broken.*RuntimeError: no sums today"),
            ("text", r"broken_numbers brings as the number text no float"),
            ("wrong", r"peerbus brings as the number wrong no float"),
        ):
            with pytest.raises(ConfigError, match=why):
                plug_ins().load(name)


def test_of_two_packages_with_one_name_neither_is_taken(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        package(tmp_path / "one", "number_one", "PI = 3.1\n", {GROUP: {"pi": "number_one:PI"}}),
        package(tmp_path / "two", "number_two", "PI = 3.2\n", {GROUP: {"pi": "number_two:PI"}}),
    ):
        with pytest.raises(ConfigError, match="several packages bring the number 'pi': number_one, number_two"):
            plug_ins().load("pi")
        assert plug_ins().listed()[-1] == Installed("pi", "number_one, number_two", clash=True)
        with pytest.raises(ConfigError, match="unknown number 'po'; installed are zero, wrong\n"):
            plug_ins().load("po")


def test_a_name_that_is_kept_is_nobodys_to_bring(tmp_path: Path) -> None:
    with package(tmp_path, "brings_pi", "PI = 3.14\n", {GROUP: {"pi": "brings_pi:PI", "own": "brings_pi:PI"}}):
        numbers = PlugIns("number", float, GROUP, BUILT_IN, kept=("own",))
        assert [each.name for each in numbers.listed()] == ["zero", "lacking", "wrong", "pi"]
        with pytest.raises(ConfigError, match="unknown number 'own'"):
            numbers.load("own")


@pytest.mark.parametrize("error", [KeyError("lost"), SystemExit(3)])
def test_what_a_package_raises_names_what_failed(error: BaseException) -> None:
    with pytest.raises(ConfigError, match=f"the number pi is broken: {type(error).__name__}"), blamed("number", "pi"):
        raise error


@pytest.mark.parametrize("error", [ConfigError("no such road"), ValueError("no such road")])
def test_what_a_package_answers_is_left_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error), match=r"^no such road"), blamed("number", "pi"):
        raise error
