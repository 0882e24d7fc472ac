"""Whatever a simulation fails with is a failed assertion, and can be told from others of its kind."""

from __future__ import annotations

import pytest

from peerbus import testing
from peerbus.testing.sim import failures
from peerbus.testing.sim.failures import SimulationFailed


@pytest.mark.parametrize("name", failures.__all__)
def test_each_failure_is_public_and_fails_a_test_as_an_assertion_does(name: str) -> None:
    failure = getattr(testing, name)
    assert failure is getattr(failures, name)
    with pytest.raises(AssertionError, match="why") as caught:
        raise failure("why")
    assert isinstance(caught.value, SimulationFailed)
    assert failure.__doc__


def test_the_drawn_tree_is_the_tree() -> None:
    children = {each.__name__ for each in SimulationFailed.__subclasses__() if each.__module__ == failures.__name__}
    assert failures.__doc__
    drawn = {line.split()[1] for line in failures.__doc__.splitlines() if line.startswith(("├──", "└──"))}
    assert children == drawn
