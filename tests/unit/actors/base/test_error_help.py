"""A traceback of an error of the bus names the place that says what to do, at no cost to errors that nobody prints."""

from __future__ import annotations

import copy
import pickle
import traceback

from peerbus.actors import DeadlineExceeded, NoRoute, RemoteError
from peerbus.testing import NotReached


def test_a_traceback_names_the_place_that_says_what_to_do() -> None:
    class OwnError(NoRoute):
        """A user's class has the help of the nearest one of ours."""

    error = OwnError("nobody")
    assert str(error) == "nobody"
    assert traceback.format_exception_only(error)[-1] == "see docs/errors.md#noroute\n"
    assert error.help == "docs/errors.md#noroute"
    assert NotReached("not in time").help == "docs/errors.md#notreached"


def test_what_a_peer_raised_names_both_places() -> None:
    error = RemoteError.of(DeadlineExceeded("too late", phase="credit"))
    assert error.help == "docs/errors.md#remoteerror, and docs/errors.md#deadlineexceeded for what was raised there"
    assert RemoteError("not_found").help == "docs/errors.md#remoteerror"


def test_notes_of_a_program_stand_behind_it_and_belong_to_that_error_alone() -> None:
    error, other = NoRoute("nobody"), NoRoute("nobody")
    error.add_note("while the cache was filled")
    assert error.__notes__ == ["see docs/errors.md#noroute", "while the cache was filled"]
    assert other.__notes__ == ["see docs/errors.md#noroute"]
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301  # pickled here
        assert again.__notes__ == error.__notes__


def test_an_error_that_nobody_prints_carries_nothing_for_it() -> None:
    assert "__notes__" not in vars(NoRoute("nobody"))
