"""A traceback of an error of the bus names the command that says what to do; an error nobody prints pays nothing."""

from __future__ import annotations

import copy
import pickle
import traceback

from peerbus.actors import DeadlineExceeded, NoRoute, RemoteError
from peerbus.testing import NotReached


def test_a_traceback_names_the_command_that_says_what_to_do() -> None:
    class OwnError(NoRoute):
        """A user's class has the help of the nearest one of ours."""

    error = OwnError("nobody")
    assert str(error) == "nobody"
    assert traceback.format_exception_only(error)[-1] == "see peerbus explain NoRoute\n"
    assert error.help == "peerbus explain NoRoute"
    assert NotReached("not in time").help == "peerbus explain NotReached"


def test_what_a_peer_raised_names_both_errors() -> None:
    error = RemoteError.of(DeadlineExceeded("too late", phase="credit"))
    assert error.help == "peerbus explain RemoteError DeadlineExceeded"
    assert RemoteError("not_found").help == "peerbus explain RemoteError"


def test_notes_of_a_program_stand_behind_it_and_belong_to_that_error_alone() -> None:
    error, other = NoRoute("nobody"), NoRoute("nobody")
    error.add_note("while the cache was filled")
    assert error.__notes__ == ["see peerbus explain NoRoute", "while the cache was filled"]
    assert other.__notes__ == ["see peerbus explain NoRoute"]
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301  # pickled here
        assert again.__notes__ == error.__notes__


def test_an_error_that_nobody_prints_carries_nothing_for_it() -> None:
    assert "__notes__" not in vars(NoRoute("nobody"))
