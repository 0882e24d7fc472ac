"""A channel of many messages knows each of them: up to twenty by itself, and any number where they are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from peerbus.actors import LOCAL, Bus, Channel, Overflow, Reactor, Request


@dataclass(frozen=True)
class Number(Request[int]):
    pass


class A(Number): ...


class B(Number): ...


class C(Number): ...


class D(Number): ...


class E(Number): ...


class F(Number): ...


class G(Number): ...


class H(Number): ...


class J(Number): ...


class K(Number): ...


class L(Number): ...


class N(Number): ...


class P(Number): ...


class Q(Number): ...


class S(Number): ...


class T(Number): ...


class U(Number): ...


class V(Number): ...


class W(Number): ...


class X(Number): ...


class Y(Number): ...


class Seven(Reactor):
    channel = Channel("seven", messages=(A, B, C, D, E, F, G))


class Twelve(Reactor):
    channel = Channel("twelve", messages=(A, B, C, D, E, F, G, H, J, K, L, N), overflow=Overflow.REJECT, mailbox=10)


class Twenty(Reactor):
    channel = Channel("twenty", messages=(A, B, C, D, E, F, G, H, J, K, L, N, P, Q, S, T, U, V, W, X), timeout=0.5)


class More(Reactor):
    channel = Channel[A | B | C | D | E | F | G | H | J | K | L | N | P | Q | S | T | U | V | W | X | Y](
        "more", messages=(A, B, C, D, E, F, G, H, J, K, L, N, P, Q, S, T, U, V, W, X, Y)
    )


async def right(bus: Bus) -> None:
    assert_type(await bus.ask(LOCAL / Seven, G()), int)
    assert_type(await bus.ask(LOCAL / Twelve, N()), int)
    assert_type(await bus.ask(LOCAL / Twenty, X()), int)
    assert_type(await bus.ask(LOCAL / More, Y()), int)
    await bus.tell(bus.spawn(Twenty), X())


async def wrong(bus: Bus) -> None:
    await bus.tell(LOCAL / Seven, H())  # E
    await bus.ask(LOCAL / Seven, H())  # E
    await bus.tell(bus.spawn(Seven), H())  # E
    await bus.tell(LOCAL / Twelve, P())  # E
    await bus.tell(LOCAL / Twenty, Y())  # E
    await bus.ask(bus.spawn(Twenty), Y())  # E
    await bus.tell(LOCAL / More, "text")  # E
    Channel("wrong", messages=(A, B), priorities=3)  # E
    Channel("wrong", messages=(A, B), priority="high")  # E
    Channel("wrong", messages=A)  # E
    Channel("wrong", messages=("A", "B"))  # E
