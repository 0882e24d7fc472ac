"""Node ids in texts: short in lines, in full once where one is to be copied."""

from __future__ import annotations

import pytest

from peerbus.actors import PeerGone
from peerbus.actors.base.node_ids import ids_short, ids_short_again, is_node_id

A, B = "a1" * 32, "b2" * 32


@pytest.mark.parametrize("text", [A, "0" * 64])
def test_sixty_four_hexadecimal_digits_are_a_node_id(text: str) -> None:
    assert is_node_id(text)


@pytest.mark.parametrize("text", ["", A[1:], A + "0", A.upper(), f"{A}\n", "g" * 64, None, 64, A.encode()])
def test_nothing_else_is_one(text: object) -> None:
    assert not is_node_id(text)


def test_each_is_cut_to_what_tells_it_from_others() -> None:
    assert ids_short(f"from {A} to tcp://{B}@10.0.0.1:7400") == f"from {A[:12]} to tcp://{B[:12]}@10.0.0.1:7400"
    assert ids_short("nothing to cut") == "nothing to cut"


def test_what_is_longer_than_an_id_is_not_cut() -> None:
    assert ids_short(f"{A}0 and x{B}") == f"{A}0 and x{B}"


def test_one_that_stands_twice_is_in_full_the_first_time_only() -> None:
    assert ids_short_again(f"{A} and {B}, then {A}: {B}") == f"{A} and {B}, then {A[:12]}: {B[:12]}"
    assert ids_short_again(f"{A} alone") == f"{A} alone"


def test_an_error_that_lists_the_tried_peers_says_the_id_of_the_last_one_once_in_full() -> None:
    error = PeerGone(f"the connection to peer {B} ended")
    error.tried = (A, B, "local")
    assert str(error) == f"the connection to peer {B} ended (tried: {A}, {B[:12]}, local)"
