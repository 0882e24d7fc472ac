"""Errors cross a process with all that they carry, or what stands for it, whatever a user's class makes of them."""

# ruff: noqa: S301  # what is unpickled here was pickled here

from __future__ import annotations

import copy
import importlib
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import pytest

from peerbus.actors import MailboxFull, NoRoute, QuorumFailed, RemoteError, Results, SendError
from peerbus.actors.base.pickled import MOST_TEXT, NotPickled, copied, packed, unpacked

WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


class _NotFound(RemoteError):
    """As a user writes one: its constructor is not that of its base."""

    def __init__(self, key: int, *, table: str) -> None:
        super().__init__("not_found", f"{key} in {table}")
        self.key = key


class _Slotted(SendError):
    __slots__ = ("extra",)
    extra: str


class _Picky(Exception):
    """It is pickled without an error, and cannot be rebuilt: as many exceptions of many packages."""

    def __init__(self, text: str, *, code: int) -> None:
        super().__init__(f"{text} ({code})")


@pytest.mark.parametrize("way", WAYS)
def test_an_error_of_a_user_keeps_what_it_carries_without_a_word_about_it(way: str) -> None:
    again = WAYS[way](_NotFound(7, table="blocks"))
    assert (type(again), again.key, again.code, str(again)) == (_NotFound, 7, "not_found", "not_found: 7 in blocks")
    slotted = _Slotted("text", message=1)
    slotted.extra = "more"
    again = WAYS[way](slotted)
    assert (again.extra, again.message, str(again)) == ("more", 1, "text")


def test_what_cannot_be_pickled_does_not_keep_the_error_from_arriving() -> None:
    error = MailboxFull("full", message=threading.Lock())
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, MailboxFull)
    assert isinstance(again.message, NotPickled)
    assert again.message.type_name == "lock"
    assert "lock" in again.message.text
    assert copy.copy(error).message is error.message
    assert copy.deepcopy(error).message is error.message


class _Unspeakable(Exception):
    def __reduce__(self) -> str:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


@pytest.mark.parametrize("cause", [_Picky("no", code=5), _Unspeakable()], ids=["not rebuilt", "not pickled"])
def test_a_cause_that_cannot_cross_arrives_as_its_class_and_text(cause: Exception) -> None:
    again = pickle.loads(pickle.dumps(RemoteError.of(cause)))
    assert isinstance(again, RemoteError)
    assert isinstance(again.__cause__, RemoteError)
    assert again.__cause__.code == type(cause).__name__
    assert copy.copy(RemoteError.of(cause)).__cause__ is cause


@dataclass(frozen=True)
class _Frozen(RemoteError):
    code: str
    text: str = ""


def _local() -> RemoteError:
    class Local(RemoteError):
        pass

    return Local("not_found", "gone")


def _undecodable() -> Exception:
    try:
        b"caf\xe9".decode()
    except UnicodeDecodeError as error:
        return error
    raise AssertionError


def _unimportable() -> Exception:
    try:
        importlib.import_module("peerbus.nonsense")
    except ImportError as error:
        return error
    raise AssertionError


def test_a_value_that_cannot_be_rebuilt_does_not_keep_the_error_from_arriving() -> None:
    again = pickle.loads(pickle.dumps(MailboxFull("full", message=_Picky("no", code=5))))
    assert isinstance(again, MailboxFull)
    assert isinstance(again.message, NotPickled)
    assert again.message.type_name == "_Picky"
    assert "it cannot be rebuilt" in again.message.text
    results = Results({"a": 1, "b": threading.Lock()}, {"c": _Picky("no", code=5), "d": NoRoute("gone")})
    few = pickle.loads(pickle.dumps(QuorumFailed("few", results=results, message="m")))
    assert few.results.answers["a"] == 1
    assert isinstance(few.results.answers["b"], NotPickled)
    assert (few.results.errors["c"].code, type(few.results.errors["d"])) == ("_Picky", NoRoute)


def test_an_error_of_a_class_that_nobody_finds_arrives_as_the_nearest_of_its_base_classes() -> None:
    again = pickle.loads(pickle.dumps(_local()))
    assert type(again) is RemoteError
    assert (again.code, again.text, str(again)) == ("not_found", "gone", "not_found: gone")
    caused = NoRoute("gone")
    caused.__cause__ = _local()
    assert type(pickle.loads(pickle.dumps(caused)).__cause__) is RemoteError


@pytest.mark.parametrize("way", WAYS)
def test_an_error_that_is_frozen_is_pickled_and_copied(way: str) -> None:
    again = WAYS[way](_Frozen("not_found", "gone"))
    assert (type(again), again.code, again.text) == (_Frozen, "not_found", "gone")


@pytest.mark.parametrize(
    "error",
    [_undecodable(), _unimportable(), FileNotFoundError(2, "none", "/nowhere"), KeyError("key"), _Picky("no", code=5)],
    ids=lambda error: type(error).__name__,
)
def test_each_look_at_an_error_of_one_of_several_shows_all_of_it(error: Exception) -> None:
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            Results[object]({}, {"a": error})["a"]
        assert (str(caught.value), repr(caught.value)) == (str(error), repr(error))
        for name in ("start", "reason", "name", "filename"):
            assert getattr(caught.value, name, None) == getattr(error, name, None)


class _Uncopied(Exception):
    def __new__(cls, *args: object) -> Self:
        if not args or args[0] is None:
            raise TypeError
        return super().__new__(cls, *args)

    def __init__(self, key: str) -> None:
        self.args = (None,)


def test_an_error_that_cannot_be_copied_is_raised_itself() -> None:
    error = _Uncopied("key")
    with pytest.raises(_Uncopied) as caught:
        Results[object]({}, {"a": error})["a"]
    assert caught.value is error


def test_an_error_whose_message_holds_it_is_pickled_and_copied() -> None:
    message: list[object] = []
    error = MailboxFull("full", message=message)
    message.append(error)
    assert isinstance(pickle.loads(pickle.dumps(error)), MailboxFull)
    again = copy.deepcopy(error)
    assert again.message[0] is again  # type: ignore[index]  # a list, see above


def test_what_stands_for_a_value_is_short() -> None:
    found = packed([threading.Lock(), "x" * MOST_TEXT])
    assert isinstance(found, NotPickled)
    assert len(found.text) == MOST_TEXT
    assert pickle.loads(pickle.dumps(found)) == unpacked(found) == found


def test_an_error_of_python_is_copied_with_its_cause() -> None:
    error = KeyError("key")
    error.__cause__ = OSError("gone")
    again = copied(error)
    assert again is not error
    assert (type(again), again.args, again.__cause__) == (KeyError, ("key",), error.__cause__)
