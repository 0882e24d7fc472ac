"""Random programs over the public API keep the laws of `stories`: on one bus, and on two nodes."""

from __future__ import annotations

import sys
from dataclasses import replace

import programs
import pytest
from program_runs import LawBroken, check, fault
from programs import Program

from peerbus.actors.mailbox.mailbox import Mailbox
from peerbus.actors.mailbox.waiting_senders import Waiter

#: As many as a change is tried on; `make soak` takes thousands.
seeds = pytest.mark.seeds(60)


@seeds
def test_a_program_on_one_bus_keeps_the_laws(peerbus_seed: int) -> None:
    check(Program.random(peerbus_seed))


@seeds
def test_a_program_on_two_nodes_keeps_the_laws(peerbus_seed: int) -> None:
    check(Program.random(peerbus_seed, nodes=2))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio.eager_task_factory is new in 3.12")
@pytest.mark.seeds(20)
def test_a_program_whose_tasks_begin_at_once_keeps_the_laws(peerbus_seed: int) -> None:
    check(replace(Program.random(peerbus_seed, nodes=1 + peerbus_seed % 2), eager=True))


@pytest.mark.pure("it breaks the core on purpose")
def test_what_breaks_a_law_is_found_and_printed_as_a_small_program_that_can_be_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wait(self: Mailbox, waiter: Waiter) -> None:
        """Does not look for room, as it once did not."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Mailbox, "admit_waiting", lambda _: None)
            original(self, waiter)

    original = Mailbox.wait
    monkeypatch.setattr(Mailbox, "wait", wait)
    failing = next(program for program in map(Program.random, range(100)) if fault(program) is not None)
    with pytest.raises(LawBroken, match=r"law 1: .* wait, and there is room") as caught:
        check(failing)
    text = str(caught.value)
    program = text[text.index("Program(") :]
    assert program.count("node=") <= 6, program
    with pytest.raises(LawBroken, match="law 1"):
        check(eval(program, vars(programs)))  # noqa: S307  # what the test itself has printed
