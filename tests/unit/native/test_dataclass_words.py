"""A dataclass of the core says of itself what its source says: to help(), and to what makes one of JSON."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

import peerbus
from peerbus.actors.mailbox import Mailbox
from peerbus.native import COMPILED


def _sources() -> dict[str, ast.ClassDef]:
    found: dict[str, ast.ClassDef] = {}
    for name in COMPILED:
        tree = ast.parse(Path(peerbus.__file__).parent.joinpath(*name.split(".")).with_suffix(".py").read_text("utf-8"))
        for made in tree.body:
            if isinstance(made, ast.ClassDef) and any("dataclass" in ast.unparse(each) for each in made.decorator_list):
                found[f"{name}:{made.name}"] = made
    return found


SOURCES = _sources()


@pytest.mark.parametrize("place", SOURCES)
def test_a_dataclass_says_what_its_source_says(place: str) -> None:
    module, _, name = place.partition(":")
    made = getattr(importlib.import_module(f"peerbus.{module}"), name)
    fields = [each for each in SOURCES[place].body if isinstance(each, ast.AnnAssign)]
    declared = {ast.unparse(each.target): ast.unparse(each.annotation) for each in fields}
    assert made.__annotations__ == declared
    assert made.__init__.__annotations__ == {**declared, "return": None}
    assert {each.name: each.type for each in dataclasses.fields(made)} == declared
    assert list(get_type_hints(made)) == list(declared), "each name is known in its module"
    assert inspect.getdoc(made) == ast.get_docstring(
        SOURCES[place]
    )  # from Python 3.13 on it is stored without its indent


def test_what_a_mailbox_counts_goes_into_json_and_comes_back() -> None:
    counted = dataclasses.replace(Mailbox().statistics(), oldest=0.5, failed={"full": 1})
    kind = type(counted)
    assert msgspec.json.decode(msgspec.json.encode(counted), type=kind) == counted
    told = dataclasses.asdict(counted) | {"failed": {"full": "one"}}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(told), type=kind)
