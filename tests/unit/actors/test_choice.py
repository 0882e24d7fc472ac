"""Whom a pick chooses."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.choice import best_of, better_of_two, rendezvous

NODES = st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1, max_size=12, unique=True)
KEYS = [f"key {number}" for number in range(40)]


def test_the_better_of_two_is_the_less_loaded() -> None:
    loads = {"light": 1.0, "heavy": 2.0}
    assert better_of_two(["heavy"], loads.__getitem__, Random(1)) == "heavy"
    assert all(better_of_two(["heavy", "light"], loads.__getitem__, Random(seed)) == "light" for seed in range(10))


def test_of_several_that_are_alike_each_is_chosen_as_often() -> None:
    rng = Random(5)
    chosen = Counter(better_of_two([*range(5)], lambda _: 1.0, rng) for _ in range(5000))
    assert all(850 < chosen[each] < 1150 for each in range(5))
    both = Counter(each for _ in range(3000) for each in best_of([*range(5)], 2, lambda _: 1.0, rng))
    assert all(1050 < both[each] < 1350 for each in range(5))


@given(st.lists(st.integers(), max_size=10, unique=True), st.integers(1, 12), st.integers(0, 99))
def test_the_best_of_several_are_so_many_different_ones(candidates: list[int], count: int, seed: int) -> None:
    chosen = best_of(candidates, count, float, Random(seed))
    assert len(chosen) == len(set(chosen)) == min(count, len(candidates))
    assert set(chosen) <= set(candidates)


def test_who_is_the_most_loaded_is_chosen_only_where_all_are() -> None:
    for seed in range(50):
        assert 9 not in best_of([*range(10)], 9, float, Random(seed))
        assert best_of([*range(10)], 10, float, Random(seed)) == [*range(10)]


@given(NODES, st.randoms(use_true_random=False))
def test_whoever_knows_the_same_nodes_finds_the_same_order(nodes: list[str], rng: Random) -> None:
    other = list(nodes)
    rng.shuffle(other)
    for key in KEYS:
        assert rendezvous(key, nodes) == rendezvous(key, other)
        assert sorted(rendezvous(key, nodes)) == sorted(nodes)


@given(NODES, st.text("0123456789abcdef", min_size=64, max_size=64), st.text(min_size=1))
def test_a_node_that_comes_or_goes_moves_only_its_own_keys(nodes: list[str], new: str, any_key: str) -> None:
    without = [node for node in nodes if node != new]
    for key in (*KEYS, any_key):
        after = rendezvous(key, [*without, new])
        # All others keep their order: only keys of which the new one is first have moved, and come back when it goes.
        assert [node for node in after if node != new] == rendezvous(key, without)


def test_keys_are_spread_evenly() -> None:
    nodes = [f"{number:064x}" for number in range(10)]
    owners = Counter(rendezvous(f"key {number}", nodes)[0] for number in range(10_000))
    assert all(850 < owners[node] < 1150 for node in nodes)
