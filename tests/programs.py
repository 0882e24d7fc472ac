"""Random programs over the public API: what they are made of, how a seed makes one, and how one that fails is shrunk.

A program is a list of steps that one test carries out in order, and a step is a value whose `repr` is the Python that
makes it: what a failing seed prints can be pasted into a test. What an actor does with a message stands in the message
itself, as a script: `"sleep 0.05; tell local/b 1.0 fail"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

__all__ = [
    "NAMES",
    "Burst",
    "Close",
    "Fault",
    "Many",
    "Part",
    "Pause",
    "Program",
    "Send",
    "Spawn",
    "Step",
    "Stop",
    "shrunk",
]

NAMES = ("a", "b", "c")
#: The nodes of a program on two nodes; a program on one bus has the first.
NODES = ("alice", "bob")
#: Rounds of runs that shrinking may take: it is done once, for one failure, and every run takes milliseconds.
ROUNDS = 400


@dataclass(frozen=True)
class Part:
    """One actor: how its handlers are written, how its mailbox is bounded, what becomes of its failures."""

    name: str
    style: str = "async"
    overflow: str = "wait"
    limit: int = 4
    directive: str = "restart"
    #: What its hooks do: "", or one of HOOKS.
    hooks: str = ""
    #: Bytes of its mailbox, and of a peer's window to it.
    size: int = 1 << 20


@dataclass(frozen=True)
class Spawn:
    """Start an actor, where its name is free."""

    node: str
    part: Part


@dataclass(frozen=True)
class Stop:
    """Ask an actor to stop."""

    node: str
    name: str


@dataclass(frozen=True)
class Send:
    """One send from plain code: `how` it is awaited is "now", "late 0.1", "drop", "cancel 0.1", or "twice"."""

    node: str
    verb: str
    to: str
    script: str
    timeout: float
    how: str = "now"
    #: "", "quorum 1", "hedge 0.02", or "wait".
    option: str = ""


@dataclass(frozen=True)
class Burst:
    """Several sends that are made at once and awaited together, as `asyncio.gather(*(bus.ask(…) for …))` does."""

    node: str
    verb: str
    to: str
    script: str
    timeout: float
    count: int


@dataclass(frozen=True)
class Many:
    """One `tell_many` of that many messages, which are a "list", or "made" as they are drawn; `how` as of a send."""

    node: str
    to: str
    script: str
    timeout: float
    count: int
    kind: str = "list"
    how: str = "now"


@dataclass(frozen=True)
class Pause:
    """Let time pass, wait until all is quiet, and look whether the laws hold."""

    seconds: float


@dataclass(frozen=True)
class Fault:
    """Trouble between the two nodes: "break" a connection, or "silence" it for that many seconds."""

    kind: str
    seconds: float


@dataclass(frozen=True)
class Close:
    """Close a node in the midst of everything."""

    node: str


Step = Spawn | Stop | Send | Burst | Many | Pause | Fault | Close

STYLES = ("def", "async", "async", "reentrant")
OVERFLOWS = ("wait", "wait", "wait", "reject", "drop_oldest", "drop_newest", "latest")
DIRECTIVES = ("restart", "restart", "resume", "stop", "escalate")
HOOKS = (
    "ask_start",
    "ask_stop",
    "tell_stop",
    "slow_start",
    "fail_start",
    "fail_restart",
    "slow_stop",
    "fail_stop",
    "fail_failure",
)
TIMEOUTS = (0.02, 0.2, 1.0, 1.0)


@dataclass(frozen=True)
class Program:
    """See the module. `seed`: of the simulation that it runs in, which decides who goes first."""

    seed: int
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    nodes: tuple[str, ...] = NODES[:1]
    #: Tasks begin at once, as with `asyncio.eager_task_factory`.
    eager: bool = False

    @classmethod
    def random(cls, seed: int, *, nodes: int = 1, steps: int = 25) -> Program:
        """The program of a seed."""
        return _Writer(Random(f"{seed}/program/{nodes}"), NODES[:nodes]).program(seed, steps)

    def __str__(self) -> str:
        parts = "".join(f"        {part!r},\n" for part in self.parts)
        steps = "".join(f"        {step!r},\n" for step in self.steps)
        return (
            f"Program(\n    seed={self.seed},\n    parts=(\n{parts}    ),\n    steps=(\n{steps}    ),\n"
            f"    nodes={self.nodes!r},\n    eager={self.eager},\n)"
        )


class _Writer:
    """Draws one program."""

    def __init__(self, rng: Random, nodes: tuple[str, ...]) -> None:
        self.rng = rng
        self.nodes = nodes
        #: A node may close while others still send.
        self.closing = rng.random() < 0.3

    def program(self, seed: int, steps: int) -> Program:
        parts = tuple(self.part(name) for name in NAMES[: self.rng.choice([2, 3, 3])])
        begin = [Spawn(node, part) for part in parts for node in self.nodes if self.rng.random() < 0.95]
        return Program(seed, parts, (*begin, *(self.step(parts) for _ in range(steps))), self.nodes)

    def part(self, name: str) -> Part:
        draw = self.rng.choice
        hooks = draw(HOOKS) if self.rng.random() < 0.2 else ""
        return Part(
            name, draw(STYLES), draw(OVERFLOWS), draw([1, 2, 2, 4, 16]), draw(DIRECTIVES), hooks, draw([1000, 1 << 20])
        )

    def step(self, parts: tuple[Part, ...]) -> Step:
        draw, node = self.rng.choice, self.rng.choice(self.nodes)
        chance = self.rng.random()
        if chance < 0.32:
            return self.send(node)
        if chance < 0.40:
            how = draw(["now", "now", "late 0.05", "late 1.5", "drop", "cancel 0.0", "cancel 0.1"])
            count = self.rng.choice([0, 1, 3, 8, 40])
            return Many(node, self.to(), self.script(), draw(TIMEOUTS), count, draw(["list", "list", "made"]), how)
        if chance < 0.55:
            count = self.rng.randint(2, 12)
            return Burst(node, draw(["ask", "tell"]), self.to(), self.script(), draw(TIMEOUTS), count)
        if chance < 0.75:
            return Pause(draw([0.0, 0.01, 0.05, 0.3, 1.5]))
        if chance < 0.92:
            part = draw(parts)
            return Spawn(node, self.part(part.name) if len(self.nodes) == 1 else part)
        if chance < 0.97 or len(self.nodes) == 1:
            return Close(node) if self.closing and chance > 0.96 else Stop(node, draw(NAMES))
        return Fault(draw(["break", "silence"]), draw([0.1, 2.0]))

    def send(self, node: str) -> Send:
        draw = self.rng.choice
        how = draw(["now", "now", "late 0.05", "late 0.3", "late 1.5", "drop", "cancel 0.0", "cancel 0.1", "twice"])
        verb, to, option = draw(["ask", "ask", "tell"]), self.to(), ""
        if self.rng.random() < 0.3:
            if verb == "ask" and to.startswith(("role-", "all/")):
                option = draw(["quorum 1", "quorum 2"])
            elif verb == "ask" and to.startswith("role/"):
                option = "hedge 0.02"
            else:
                option = "wait"
        timeout = draw(TIMEOUTS) if self.rng.random() < 0.97 else 0.0
        return Send(node, verb, to, self.script(), timeout, how, option if "ref" not in to else "")

    def to(self) -> str:
        others = ("peer", "peer", "peer", "all") if len(self.nodes) > 1 else ()
        where = self.rng.choice(("local", "local", "local", "ref", "role", "role-all", "role-2", *others))
        return f"{where}/{self.rng.choice(NAMES)}"

    def script(self) -> str:
        count = self.rng.choice([0, 1, 1, 1, 2, 3])
        return "; ".join(self.act() for _ in range(count))

    def act(self) -> str:
        draw = self.rng.choice
        match self.rng.randrange(19):
            case 0 | 1 | 2:
                return f"{draw(['sleep', 'sleep', 'sleep', 'insist'])} {draw([0.0, 0.01, 0.1, 0.4])}"
            case 3:
                return draw(["fail", "refuse", "cancelled", "stopiteration", "panic"])
            case 4 | 5 | 6:
                return f"{draw(['ask', 'tell', 'late', 'drop'])} {self.to()} {draw(TIMEOUTS)} {self.simple()}"
            case 7 | 8:
                return f"gather {self.to()} {draw(TIMEOUTS)} {self.simple()}"
            case 9:
                return draw(["aside", "aside", "up"])
            case 10 | 11:
                return f"{draw(['watch', 'watch', 'watch', 'unwatch'])} {draw(['local', 'ref', 'peer'])}/{draw(NAMES)}"
            case 12:
                return f"after {draw([0.0, 0.05, 0.5])}"
            case 13:
                return f"every {draw([0.01, 0.1])}"
            case 14:
                return draw(["untimer", "stop"])
            case 18:
                return f"{draw(['many', 'many', 'dropmany'])} {self.to()} {draw(TIMEOUTS)} {self.simple()}"
            case 17:
                return f"pad {draw([300, 900, 3000])}"
            case 15:
                return f"spawn {draw(DIRECTIVES)} {draw(['-', '-', *HOOKS])}"
            case _:
                return f"kid {draw([0.1, 1.0])} {self.simple()}"

    def simple(self) -> str:
        draw = self.rng.choice
        if self.rng.random() < 0.2:  # whoever waits for an answer may be waited for
            return f"ask local/{draw(NAMES)} {draw(TIMEOUTS)} reply"
        return draw(["reply"] * 5 + ["sleep 0.01"] * 3 + ["sleep 0.2"] * 2 + ["fail", "refuse", "stop"])


# Shrinking.


def shrunk(program: Program, fails: Callable[[Program], bool]) -> Program:
    """A smaller program that fails as well: with fewer steps, shorter scripts, plainer actors."""
    rounds = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(program):
            rounds += 1
            if rounds > ROUNDS:
                return program
            if fails(candidate):
                program, smaller = candidate, True
                break
    return program


def _smaller(program: Program) -> Iterator[Program]:
    steps = program.steps
    size = len(steps) // 2
    while size:
        for at in range(0, len(steps), size):
            yield replace(program, steps=steps[:at] + steps[at + size :])
        size //= 2
    for at, step in enumerate(steps):
        for other in _plainer(step):
            yield replace(program, steps=(*steps[:at], other, *steps[at + 1 :]))


def _plainer(step: Step) -> Iterator[Step]:
    match step:
        case Send() | Burst() | Many():
            acts = [act for act in step.script.split("; ") if act]
            for at in range(len(acts)):
                yield replace(step, script="; ".join(acts[:at] + acts[at + 1 :]))
            if isinstance(step, Burst | Many) and step.count > 2:
                yield replace(step, count=step.count // 2)
                yield replace(step, count=step.count - 1)
            if isinstance(step, Send) and step.option:
                yield replace(step, option="")
        case Spawn():
            for plain in (
                replace(step.part, hooks=""),
                replace(step.part, style="def"),
                replace(step.part, directive="restart"),
                replace(step.part, limit=4),
                replace(step.part, overflow="wait"),
                replace(step.part, size=1 << 20),
            ):
                if plain != step.part:
                    yield replace(step, part=plain)
