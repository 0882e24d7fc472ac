"""A Pykka program, ported: its base class becomes `peerbus.actors.Actor`, and nothing else is touched.

    before                                      after
    import pykka                                from peerbus.actors import Actor
    class Library(pykka.ThreadingActor):        class Library(Actor):

Refs, `tell`, `ask`, proxies, futures, hooks and `ActorRegistry` are Pykka's still. What is new: a mailbox holds 1024
messages and not any number (`mailbox_limit`), who sends more waits at most 5 s, and a future can be awaited. An actor
on a bus needs no thread either: `bus.spawn(Library)` instead of `Library.start()`.

    python pykka_port.py            # after
    python pykka_port.py --before   # the same program on Pykka: it prints the same
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import pykka

from peerbus.actors import Actor, Bus

if TYPE_CHECKING:
    Base = Actor
else:
    parser = argparse.ArgumentParser(description="A Pykka program, before and after it was ported.")
    parser.add_argument("--before", action="store_true", help="run it on Pykka")
    Base = pykka.ThreadingActor if parser.parse_args().before else Actor


class Library(Base):
    """Lends books. Others call its methods through a proxy."""

    def __init__(self, titles: list[str]) -> None:
        super().__init__()
        self.titles = titles
        self.lent: dict[str, str] = {}

    def on_start(self) -> None:
        print("the library opens")

    def lend(self, title: str, to: str) -> str:
        if title in self.lent:
            raise LookupError(f"{title} is lent to {self.lent[title]}")
        self.lent[title] = to
        return f"{to} takes {title}"

    def give_back(self, title: str) -> str:
        return f"{self.lent.pop(title)} gives {title} back"

    def on_receive(self, message: Any) -> Any:
        return len(self.titles) - len(self.lent) if message == "how many" else None

    def on_stop(self) -> None:
        print("the library closes")


class Reader(Base):
    """Reads a book, and then gives it back."""

    def __init__(self, name: str, library: Any) -> None:
        super().__init__()
        self.name = name
        self.library = library

    def read(self, title: str) -> str:
        try:
            return str(self.library.lend(title, self.name).get(timeout=1))
        except LookupError as error:
            return f"{self.name} waits: {error}"


def main() -> None:
    library = Library.start(["Emma", "Ulysses", "Dune"])
    desk = library.proxy()
    ada, bob = (Reader.start(name, desk).proxy() for name in ("Ada", "Bob"))
    print(ada.read("Dune").get())
    print(bob.read("Dune").get())
    print(desk.give_back("Dune").get())
    print(*pykka.get_all([bob.read("Dune"), ada.read("Emma")]), sep="\n")
    print("left:", library.ask("how many"), "| titles:", desk.titles.map(sorted).get())
    print("running:", len(pykka.ActorRegistry.get_all()))
    pykka.ActorRegistry.stop_all()
    try:
        library.tell("too late")
    except pykka.ActorDeadError:
        print("nobody is there any more")


def on_a_bus() -> None:
    """What the port makes possible: the same class, on an event loop beside any number of others."""
    with Bus() as bus:
        library = bus.spawn(Library, ["Emma"])
        print("left, asked on the bus:", bus.ask(library, "how many").get())


if __name__ == "__main__":
    main()
    if Base is Actor:
        on_a_bus()
