"""Whom a pick chooses."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors.engine.load import ALIKE, Load
from peerbus.actors.routing.choice import best_of, better_of_two, least_of, rendezvous

NODES = st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1, max_size=12, unique=True)
KEYS = [f"key {number}" for number in range(40)]


def test_the_better_of_two_is_the_less_loaded() -> None:
    loads = {"light": Load(1), "heavy": Load(2)}
    assert better_of_two(["heavy"], loads.__getitem__, Random(1)) == "heavy"
    assert all(better_of_two(["heavy", "light"], loads.__getitem__, Random(seed)) == "light" for seed in range(10))


def test_of_several_that_are_alike_each_is_chosen_as_often() -> None:
    rng = Random(5)
    chosen = Counter(better_of_two([*range(5)], lambda _: Load(1), rng) for _ in range(5000))
    assert all(850 < chosen[each] < 1150 for each in range(5))
    both = Counter(each for _ in range(3000) for each in best_of([*range(5)], 2, lambda _: Load(1), rng))
    assert all(1050 < both[each] < 1350 for each in range(5))


@given(st.lists(st.integers(0), max_size=10, unique=True), st.integers(1, 12), st.integers(0, 99))
def test_the_best_of_several_are_so_many_different_ones(candidates: list[int], count: int, seed: int) -> None:
    chosen = best_of(candidates, count, Load, Random(seed))
    assert len(chosen) == len(set(chosen)) == min(count, len(candidates))
    assert set(chosen) <= set(candidates)


def test_who_is_the_most_loaded_is_chosen_only_where_all_are() -> None:
    for seed in range(50):
        assert 9 not in best_of([*range(10)], 9, Load, Random(seed))
        assert best_of([*range(10)], 10, Load, Random(seed)) == [*range(10)]


def test_the_least_is_the_one_with_the_least_in_flight_of_all_however_slow_it_is() -> None:
    loads = [Load(2), Load(1, seconds=9.0, weight=1.0), Load(2), Load(3)]
    assert {least_of([0, 1, 2, 3], loads.__getitem__, Random(seed)) for seed in range(20)} == {1}
    chosen = Counter(least_of([0, 2, 3], loads.__getitem__, Random(seed)) for seed in range(400))
    assert set(chosen) == {0, 2}
    assert min(chosen.values()) > 150


EQUALS = st.integers(2, 40).flatmap(
    lambda count: st.lists(
        st.one_of(st.none(), st.tuples(st.floats(1.0, ALIKE * 0.99), st.floats(0.001, 1.0))),
        min_size=count,
        max_size=count,
    )
)


@given(EQUALS, st.sampled_from([0.0001, 0.01, 0.2, 30.0]), st.integers(0, 10**6))
@settings(max_examples=60)
def test_no_candidate_starves_while_all_are_as_quick_whatever_was_measured_of_them(
    equals: list[tuple[float, float] | None], usual: float, seed: int
) -> None:
    """Some were measured just now, some long ago, some never; one ask at a time, or all at once."""
    measured = [Load(0) if each is None else Load(0, each[0] * usual, each[1]) for each in equals]
    everyone, rng = range(len(equals)), Random(seed)
    one_at_a_time = Counter(better_of_two(everyone, measured.__getitem__, rng) for _ in range(60 * len(equals)))
    assert min(one_at_a_time[each] for each in everyone) >= 20
    for choose in (better_of_two, least_of):
        in_flight: Counter[int] = Counter()
        for _ in range(12 * len(equals)):
            loads = [load._replace(in_flight=in_flight[each]) for each, load in enumerate(measured)]
            in_flight[choose(everyone, loads.__getitem__, rng)] += 1
        assert min(in_flight[each] for each in everyone) >= (6 if choose is better_of_two else 12)


def test_the_fourth_as_quick_gets_most_of_what_is_asked_one_at_a_time_and_the_others_come_back() -> None:
    loads = [Load(0, 0.01, 1.0), Load(0, 0.04, 1.0), Load(0, 0.04, 0.9)]
    chosen = Counter(better_of_two(range(3), loads.__getitem__, Random(seed)) for seed in range(900))
    assert chosen[0] > 550  # each time that it is among the two
    loads = [Load(0, 0.01, 1.0), Load(0, 0.04, 0.1), Load(0, 0.04, 0.1)]  # nobody has asked them for 23 s
    chosen = Counter(better_of_two(range(3), loads.__getitem__, Random(seed)) for seed in range(900))
    assert min(chosen.values()) > 200


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
