"""One siege: the node and the honest on one processor, the attackers on the other, before, during and after."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .attacks import ATTACKS
from .law import OVER_WITHIN, Phase, Row, forged_lines
from .watch import Watch

__all__ = ["COMMAND", "lay_siege", "processors"]

#: The command of these measurements.
COMMAND = (sys.executable, str(Path(__file__).resolve().parents[1]), "siege")
#: Seconds that a child may take to end.
_GRACE = 10.0
#: Seconds that the honest ask before anything is measured.
_WARM_UP = 1.0


def processors() -> tuple[int, int]:
    """That of the nodes and that of the attackers; the same where there is one."""
    there = sorted(os.sched_getaffinity(0))
    return there[0], there[-1]


def lay_siege(name: str, seconds: float) -> Row:
    """Attack for so long, after half of that without. Raises RuntimeError where a process says nothing."""
    attack = ATTACKS[name]
    nodes, attackers = processors()
    with tempfile.TemporaryDirectory(prefix="siege-") as folder, contextlib.ExitStack() as stack:
        log = Path(folder) / "log"
        defender = stack.enter_context(_child("defend", name, folder, processor=nodes, log=log))
        endpoint = _line(defender, "defend")
        honest = stack.enter_context(_child("honest", name, endpoint, processor=nodes))
        _line(honest, "honest")
        watch = stack.enter_context(Watch(defender.pid, log))
        _phase(defender, honest, watch, _WARM_UP)
        idle = _phase(defender, honest, watch, max(2.0, seconds / 2))
        with _child("attack", name, endpoint, processor=attackers) as attacker:
            _line(attacker, "attack")
            under = _phase(defender, honest, watch, seconds)
            assert attacker.stdin is not None
            attacker.stdin.close()
            facts = json.loads(_line(attacker, "attack"))
        gone = time.monotonic()
        time.sleep(max(0.0, OVER_WITHIN - 2.0 - (time.monotonic() - gone)))
        after = _phase(defender, honest, watch, 2.0)
        forged = forged_lines(log.read_text(encoding="utf-8", errors="replace"))
    return Row(name, attack.about, idle, under, after, facts, attack.judge(facts), forged)


def _phase(defender: subprocess.Popen[str], honest: subprocess.Popen[str], watch: Watch, seconds: float) -> Phase:
    watch.reset()
    _answer(defender, "defend", "begin")
    said = json.loads(_answer(honest, "honest", str(seconds)))
    memory, descriptors, logged = watch.memory, watch.descriptors, watch.logged
    loop = json.loads(_answer(defender, "defend", "end"))
    asks, joins = tuple(said["asks"]), tuple(said["joins"])
    return Phase(seconds, asks, joins, memory, descriptors, logged, loop["longest"], loop["of"], loop["busy"])


def _answer(process: subprocess.Popen[str], role: str, line: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return _line(process, role)


def _line(process: subprocess.Popen[str], role: str) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"the process {role} said nothing, exit status {process.poll()}")
    return line


@contextlib.contextmanager
def _child(role: str, *arguments: str, processor: int, log: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process beside this one, on that processor; it ends when its standard input does."""
    with contextlib.ExitStack() as stack:
        errors: IO[str] | None = None if log is None else stack.enter_context(log.open("w", encoding="utf-8"))
        command = [*COMMAND, "--role", role, "--processor", str(processor), *arguments]
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        )
        try:
            yield process
        finally:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
