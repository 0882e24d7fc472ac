"""The mempool: signatures and the pool, its reactors alone, a crash on a simulated network, real processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peerbus.actors import LOCAL, RemoteError, Role
from peerbus.testing import Probes, Published, Simulation, Told

from .demo import demo
from .mempool import MINER, Held, Mempool
from .messages import Best, Entered, Transaction, payment
from .pool import Pool

#: The folder in which `python -m mempool` finds it.
HOME = Path(__file__).resolve().parents[1]
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def paid(number: int, fee: int = 1) -> Transaction:
    return payment(KEY, number, "bob", 10, fee)


def test_what_its_payer_signed_is_valid_and_nothing_else() -> None:
    good = paid(1)
    assert good.valid()
    changes: list[dict[str, object]] = [
        {"to": "eve"}, {"amount": 11}, {"fee": 0}, {"number": 2}, {"payer": b"p" * 32}, {"payer": b"short"},
        {"signature": b""}, {"signature": b"s" * 64},
    ]  # fmt: skip
    for change in changes:
        assert not msgspec.structs.replace(good, **change).valid(), change
    for senseless in (payment(KEY, 1, "bob", 0, 1), payment(KEY, 1, "bob", 5, -1), payment(KEY, 1, "", 5, 1)):
        assert not senseless.valid()


def test_a_pool_keeps_those_that_pay_best_and_one_for_each_number() -> None:
    pool = Pool(most=2)
    assert pool.add(paid(1, fee=1))
    assert pool.add(paid(2, fee=5))
    assert not pool.add(paid(1, fee=1)), "it is there"
    assert pool.add(paid(1, fee=2)), "it pays more than what was there for that number"
    assert pool.add(paid(3, fee=3)), "there is no room, and another pays less"
    assert not pool.add(paid(4, fee=1)), "there is no room, and it pays least"
    assert [each.fee for each in pool.best(10)] == [5, 3]
    assert pool.best(1) == [paid(2, fee=5)]
    assert len(pool) == 2


async def test_a_transaction_goes_from_the_gossip_to_the_pool_and_a_forged_one_nowhere(probe: Probes) -> None:
    gossip = await probe.alone(Mempool)
    assert await gossip.ask(paid(1), reply=bool) is True
    assert await gossip.ask(paid(1), reply=bool) is False
    with pytest.raises(RemoteError, match="invalid"):
        await gossip.ask(msgspec.structs.replace(paid(2), to="eve"))
    assert gossip.sent == [Told(LOCAL / Held, paid(1))]


async def test_the_pool_tells_what_has_entered_and_what_is_best(probe: Probes) -> None:
    held = await probe.alone(Held)
    await held.tell(paid(1))
    await held.tell(paid(2, fee=9))
    assert held.effects == [Published(Entered(paid(1), 1)), Published(Entered(paid(2, fee=9), 2))]
    assert await held.ask(Best(1)) == [paid(2, fee=9)]


@pytest.mark.seeds(3)
async def test_every_miner_has_every_payment_though_one_crashes_and_comes_back(sim: Simulation) -> None:
    names = [f"miner-{number}" for number in range(6)]
    for number, name in enumerate(names):
        peers = [names[number - 1]] if number else []
        peers += [names[0]] if number == len(names) - 1 else []
        await sim.node(name, offers=[MINER], reactors=[Held, Mempool], peers=peers, discover=False)
    wallet = await sim.node("wallet", channels=[Mempool.channel], peers=[names[0]], discover=False)
    for number in range(5):
        assert await wallet.ask(Role(MINER) / Mempool, paid(number), reply=bool, wait_for_peer=True)
    sim.crash(names[3])  # the ring is a line now, and its pool is gone
    for number in range(5, 10):
        await wallet.ask(Role(MINER) / Mempool, paid(number))
    await sim.run_for(30)
    await sim.restart(names[3])
    await sim.run_for(60)
    wanted = [paid(number) for number in range(10)]
    for name in names:
        best = await sim.nodes[name].ask(LOCAL / Held, Best(100))
        assert sorted(best, key=lambda each: each.number) == wanted, name


async def test_the_demo_says_what_it_promises(capsys: pytest.CaptureFixture[str]) -> None:
    async with asyncio.timeout(50):
        await demo(miners=4, payments=5)
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if ": 5 transactions, each once" in line]) == 4
    assert "one that eve has changed on its way: invalid, and goes no further" in lines
    assert "a miner that comes late has all 5. In the next block, at every miner the same:" in lines
    assert [line.partition("pays ")[2] for line in lines[-3:]] == [f"bob 10, fee {fee}" for fee in (4, 3, 2)]


def test_a_payment_comes_to_two_miners_that_found_each_other() -> None:
    there = ["--here", "--network", f"mempool-{os.getpid()}"]
    with ExitStack() as running:
        miners: list[subprocess.Popen[str]] = []
        for name in ("ada", "bob"):
            command = [sys.executable, "-W", "error", "-m", "mempool", "miner", name, *there]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME)
            miners.append(running.enter_context(process))
            running.callback(process.terminate)
        command = [sys.executable, "-W", "error", "-m", "mempool", "pay", "carol", "7", "--fee", "2", *there]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=HOME, timeout=40)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("pays carol 7, fee 2\n")
        for process in miners:
            assert process.stdout is not None
            while done.stdout.strip() not in (line := process.stdout.readline()):
                assert line, "it has ended"
