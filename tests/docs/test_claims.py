"""What the recipes say that goes wrong otherwise does go wrong, as they say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shown_files import DOCS
from shown_programs import run

from peerbus.actors import ConfigError, Deadlock, MessageTypeError, PeerbusError, RemoteError, WouldDeadlock
from peerbus.node import Node

COOKBOOK = DOCS / "cookbook"


class Changed:
    """Programs of the cookbook with something else in the place of what is right."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(COOKBOOK, folder, dirs_exist_ok=True)

    def change(self, program: str, *pairs: tuple[str, str]) -> None:
        path = self._folder / program
        text = path.read_text(encoding="utf-8")
        for right, wrong in pairs:
            assert right in text
            text = text.replace(right, wrong)
        path.write_text(text, encoding="utf-8")

    def run(self, program: str, *pairs: tuple[str, str]) -> str:
        self.change(program, *pairs)
        return run(str(self._folder / program))


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    return Changed(tmp_path)


def test_two_modules_that_import_each_other_cannot_be_imported(changed: Changed) -> None:
    changed.change("both_ways/billing.py", ("from protocol import", "from orders import Orders\nfrom protocol import"))
    changed.change("both_ways/orders.py", ("from protocol import", "from billing import Billing\nfrom protocol import"))
    with pytest.raises(ImportError, match="circular import"):
        changed.run("both_ways/main.py")


def test_two_reactors_that_ask_each_other_are_a_circle_that_is_named(changed: Changed) -> None:
    changed.change("both_ways/protocol.py", ("class Charge(Message)", "class Charge(Message, Request[None])"))
    changed.change(
        "both_ways/orders.py",
        (", reentrant=True", ""),
        ("await self.tell(LOCAL / BILLING", "await self.ask(LOCAL / BILLING"),
    )
    changed.change("both_ways/billing.py", ("await self.tell(", "await self.ask("))
    with pytest.raises(
        RemoteError, match=r"bus://local/orders → bus://local/billing|billing → bus://local/orders"
    ) as end:
        changed.run("both_ways/main.py")
    assert end.value.code == Deadlock.__name__


def test_without_one_key_for_all_tries_it_is_paid_twice(changed: Changed) -> None:
    printed = changed.run(
        "retries.py",
        ("bus.ask(LOCAL / Account, payment", "bus.ask(LOCAL / Account, Pay(str(uuid4()), 30)"),
        ("sleep(60)", "sleep(60 if self.left == 70 else 0)"),  # the answer to the first one is lost
    )
    assert "left: 40\n" in printed


def test_a_wait_on_the_thread_that_would_end_it_is_refused(changed: Changed) -> None:
    with pytest.raises(WouldDeadlock):
        changed.run(
            "blocking.py",
            ("await bus.ask(LOCAL / Files, Digest(__file__))", "bus.ask(LOCAL / Files, Digest(__file__)).get()"),
        )


def test_a_worker_cannot_import_what_stands_in_the_program_itself(changed: Changed) -> None:
    primes = (COOKBOOK / "primes.py").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="__main__"):
        changed.run("cpu.py", ("from primes import Count, Primes\n", primes))


async def test_a_node_with_a_thread_of_its_own_is_refused_in_a_loop_with_what_to_write() -> None:
    with pytest.raises(PeerbusError, match="would stop this event loop: write `async with Node"), Node("notebook"):
        pass


async def test_a_class_that_is_made_again_is_another_one() -> None:
    made: list[dict[str, object]] = []
    cell = (COOKBOOK / "notebook.py").read_text(encoding="utf-8").partition("# %% The node")[0]
    for _ in range(2):
        names: dict[str, object] = {"__name__": "__main__"}
        exec(cell, names)  # noqa: S102  # it is the page's
        made.append(names)
    old, new = made
    async with old["Node"]("notebook", reactors=[old["Sum"]]) as node:  # type: ignore[operator]
        with pytest.raises(MessageTypeError):
            await node.ask(old["LOCAL"] / old["Sum"], new["Add"](1))  # type: ignore[operator]
