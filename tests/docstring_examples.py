"""Examples in docstrings: what stands in them as a block of Python, run as it stands, in a world of its own."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import CodeType
from typing import Any

from peerbus.actors import EVERYONE, LOCAL, Channel, Message, Reactor, Request, Stream, handles

__all__ = ["PACKAGES", "Blocks", "Example", "examples", "exports", "run_example"]

PACKAGES = ("actors", "transports", "discovery", "patterns", "node", "operate", "testing")


#: As editors and the site show them in colours.
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


_CALLED = (property, cached_property, classmethod, staticmethod)


# What an example may take for granted: a reactor that serves blocks, as everywhere in the documentation.


class Block(Message):
    height: int
    data: bytes = b""


class GetBlock(Message, Request[Block]):
    height: int


class GetRange(Message, Request[Stream[Block]]):
    first: int
    last: int


class Upload(Message, Request[int]):
    name: str


class Forget(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, GetRange, Upload, Forget), idempotent=(GetBlock,))

    @handles(GetBlock)
    async def serve(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

    @handles(GetRange)
    async def serve_many(self, wanted: GetRange) -> AsyncIterator[Block]:
        for height in range(wanted.first, wanted.last + 1):
            yield Block(height)

    @handles(Upload)
    async def take(self, _upload: Upload, chunks: AsyncIterator[bytes]) -> int:
        return sum([len(chunk) async for chunk in chunks])

    @handles(Forget)
    def forget(self, _told: Forget) -> None: ...


class Get(Message):
    key: int


class Clear(Message):
    """Forget all."""


class Cache(Reactor):
    channel = Channel("cache", messages=(Get, Clear))

    @handles(Get)
    async def get(self, wanted: Get) -> None:
        await self.ask(LOCAL / "blocks", GetBlock(wanted.key))

    @handles(Clear)
    async def clear(self, _order: Clear) -> None:
        await self.tell(EVERYONE / "blocks", Forget(7))


class Transaction(Message):
    text: str


class Balance(Message, Request[int]):
    """Of an account."""


class Ledger(Reactor):
    channel = Channel("ledger", messages=(Balance,))

    @handles(Balance)
    def balance(self, _wanted: Balance) -> int:
        return 0


WORLD: dict[str, Any] = {
    each.__name__: each
    for each in (Block, GetBlock, GetRange, Upload, Forget, Blocks, Get, Clear, Cache, Transaction, Balance, Ledger)
}


@dataclass(frozen=True, slots=True)
class Example:
    """One, with the public name that it explains."""

    name: str
    code: str

    @property
    def compiled(self) -> CodeType:
        """It, as a module whose body may await."""
        code: CodeType = compile(self.code, f"<example of {self.name}>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return code

    @property
    def waits(self) -> bool:
        """It awaits something."""
        return bool(self.compiled.co_flags & inspect.CO_COROUTINE)


def exports() -> Iterator[tuple[str, Any]]:
    """Every public name, `actors.Role`, with what it stands for."""
    for package in PACKAGES:
        module = import_module(f"peerbus.{package}")
        for name in module.__all__:
            yield f"{package}.{name}", getattr(module, name)


def examples() -> Iterator[Example]:
    """Those of every public name, and of the methods and attributes of public classes."""
    for name, value in exports():
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        yield from _of(name, value.__doc__)
        if inspect.isclass(value):
            own = [each for each in value.__mro__ if each.__module__.startswith("peerbus.")]
            members = {key: member for each in reversed(own) for key, member in vars(each).items()}
            for key, member in members.items():
                called = inspect.isroutine(member) or isinstance(member, _CALLED)
                if called and not key.startswith("_"):
                    yield from _of(f"{name}.{key}", member.__doc__)


def _of(name: str, text: str | None) -> Iterator[Example]:
    for number, code in enumerate(_BLOCK.findall(inspect.cleandoc(text or "")), 1):
        yield Example(name if number == 1 else f"{name} {number}", code)


async def run_example(example: Example, names: dict[str, Any]) -> dict[str, Any]:
    """Run it, with these names beside every public one; return the names that it leaves."""
    world: dict[str, Any] = {name.rpartition(".")[2]: value for name, value in exports()}
    world |= {**WORLD, **names, "__name__": __name__}
    done = eval(example.compiled, world)  # noqa: S307  # our own docstrings
    if inspect.iscoroutine(done):
        await done
    return world
