"""`@handles`: what it takes and what it refuses."""

from __future__ import annotations

import pytest

from peerbus.actors import Actor, handles


def test_handlers_are_inherited_and_overridden() -> None:
    class Base(Actor):
        @handles(int, str)
        def base(self, message: object) -> None: ...

    class Derived(Base):
        @handles(str)
        def own(self, message: str, sender: object) -> None: ...

    assert Base.__handlers__[str].function is Base.base
    assert Derived.__handlers__[int].function is Base.base
    assert Derived.__handlers__[str].function is Derived.own
    assert Derived.__handlers__[str].wants_sender
    assert not Base.__handlers__[int].wants_sender


def test_mistakes_are_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="at least one message type"):
        handles()
    with pytest.raises(TypeError, match="takes message types"):
        handles("GetBlock")  # type: ignore[call-overload]  # the mistake
    with pytest.raises(TypeError, match=r"must take \(self, message\)"):

        @handles(int)  # type: ignore[arg-type]  # the mistake
        def nothing(self: object) -> None: ...

    with pytest.raises(TypeError, match="must be 'async def'"):

        @handles(int, reentrant=True)
        def plain(self: object, message: int) -> None: ...

    with pytest.raises(TypeError, match="two handlers of int: one and two"):

        class Twice(Actor):
            @handles(int)
            def one(self, message: int) -> None: ...

            @handles(int)
            def two(self, message: int) -> None: ...
