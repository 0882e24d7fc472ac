"""Whatever a user misspells is refused with what he probably meant: arguments, names, flags, words."""

from __future__ import annotations

import argparse
import ast
import contextlib
import enum
import importlib
import inspect
import io
from collections.abc import Iterator

import pytest
from source_tree import MODULES

from peerbus.operate.cli import MISUSED, main
from peerbus.operate.commands import COMMANDS

PACKAGES = ("actors", "transports", "discovery", "patterns", "node", "operate", "testing")
#: Classes with arguments that nobody writes by hand: the bus and the test kit make them, and programs read them.
MADE_BY_THE_BUS = frozenset(
    {"Advert", "Alone", "Mdns", "PeerConnection", "PeerManager", "PeerProbe", "PeerView", "Peers", "PeersSnapshot"}
    | {"PipedListener", "PipedTransport", "Probes", "Results", "Trace"}
)
#: Made for each send: before Python 3.13 it costs nothing that its words are not compared.
HOT = frozenset({"Role"})


def _made_by_hand() -> Iterator[tuple[str, type, list[str]]]:
    """Every public class whose constructor takes arguments by name alone, and these."""
    for package in PACKAGES:
        module = importlib.import_module(f"peerbus.{package}")
        for name in module.__all__:
            cls = getattr(module, name)
            if not inspect.isclass(cls) or issubclass(cls, BaseException | enum.Enum) or name in MADE_BY_THE_BUS | HOT:
                continue
            try:
                parameters = inspect.signature(cls).parameters.values()
            except (TypeError, ValueError):
                continue
            words = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
            if words and not hasattr(cls, "__struct_fields__"):  # of these msgspec says what is wrong
                yield name, cls, words


@pytest.mark.parametrize(
    ("name", "cls", "words"), list(_made_by_hand()), ids=lambda given: given if isinstance(given, str) else ""
)
def test_a_constructor_names_the_argument_that_was_meant(name: str, cls: type, words: list[str]) -> None:
    for word in words:
        wrong = f"{word}x"
        with pytest.raises(TypeError, match=rf"unexpected keyword argument '{wrong}'. Did you mean '\w+'\?"):
            cls(**{wrong: None})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_what_was_meant(package: str) -> None:
    module = importlib.import_module(f"peerbus.{package}")
    assert set(module.__all__) <= set(dir(module)), "the interpreter takes its suggestions from there"
    with pytest.raises(AttributeError) as raised:
        module.Reacter
    assert raised.value.name == "Reacter"
    assert raised.value.obj is module


def _parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for entry in COMMANDS:
        parser = argparse.ArgumentParser()
        entry.load().add_arguments(parser)
        verbs = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        yield entry.name, parser
        for each in verbs:
            yield from ((f"{entry.name} {verb}", inner) for verb, inner in each.choices.items())


@pytest.mark.parametrize(
    ("words", "parser"), list(_parsers()), ids=lambda given: given if isinstance(given, str) else ""
)
def test_a_command_names_the_flag_and_the_word_that_were_meant(words: str, parser: argparse.ArgumentParser) -> None:
    needed = [_value(each) for each in parser._actions if not each.option_strings and each.nargs not in ("?", "*")]
    if not any(isinstance(each, argparse._SubParsersAction) for each in parser._actions):
        for action in parser._actions:
            for flag in action.option_strings:
                if flag.startswith("--"):
                    assert "did you mean '--" in _refusal([*words.split(), *needed, f"{flag}x"]), flag
    for action in parser._actions:
        for word in map(str, action.choices or ()):
            said = [f"{word}x"] if not action.option_strings else [*needed, action.option_strings[-1], f"{word}x"]
            assert "; did you mean '" in _refusal([*words.split(), *said]), word


def _value(action: argparse.Action) -> str:
    return str(next(iter(action.choices))) if action.choices else "1"


def _refusal(words: list[str]) -> str:
    err = io.StringIO()
    with contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == MISUSED
    return err.getvalue()


def test_one_module_decides_what_is_alike() -> None:
    deciding = {
        module.name
        for module in MODULES.values()
        if "difflib" in module.source  # else its tree need not be made
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import) and any(each.name == "difflib" for each in node.names)
    }
    assert deciding == {"actors.base.spelling"}
