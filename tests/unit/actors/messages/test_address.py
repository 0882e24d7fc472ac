"""Addresses: their text form, what is refused, what a type checker knows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Address,
    Channel,
    Condition,
    GroupAddress,
    Key,
    Peer,
    Reactor,
    Role,
    Several,
    Share,
    Where,
    parse_address,
)

NODE = "0123456789abcdef" * 4
NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True)
PICKS = st.one_of(
    st.sampled_from(["one", "all"]),
    st.integers(1, 999_999_999).map(Several),
    st.floats(0, 1, exclude_min=True).map(Share),
    st.text(min_size=1).filter(lambda key: key.isprintable() or "\n" in key).map(Key),
)
VALUES = st.text().filter(lambda text: text.isprintable() and not set(text) & set("{},="))
CONDITIONS = st.one_of(
    st.builds(Condition, st.from_regex(r"[a-z0-9][a-z0-9._-]{0,30}", fullmatch=True)),
    st.builds(Condition, st.sampled_from(["from", "a.b"]), st.sampled_from(["=", "!="]), VALUES),
    st.builds(Condition, st.just("from"), st.sampled_from(["<", ">", "<=", ">="]), st.integers().map(str)),
)
PLACES = st.one_of(
    st.just(LOCAL),
    st.just(EVERYONE),
    st.text("0123456789abcdef", min_size=64, max_size=64).map(Peer),
    st.builds(Role, NAMES, PICKS, where=st.lists(CONDITIONS, max_size=3).map(lambda them: Where(tuple(them)))),
)


@dataclass(frozen=True)
class Ping:
    number: int


class Pings(Reactor):
    channel = Channel("pings", messages=(Ping,))
    name = "something else"


@given(PLACES, NAMES)
def test_the_text_form_is_read_back(where: object, name: str) -> None:
    address = where / name  # type: ignore[operator]  # any place
    assert parse_address(str(address)) == address
    assert hash(parse_address(str(address))) == hash(address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("bus://local/blocks", LOCAL / "blocks"),
        (f"bus://{NODE}/blocks", Peer(NODE) / "blocks"),
        ("bus://role:archive/blocks", Role("archive") / "blocks"),
        ("bus://role:archive/blocks?pick=one", Role("archive") / "blocks"),
        ("bus://role:archive/blocks?pick=all", Role("archive", "all") / "blocks"),
        ("bus://role:archive/blocks?pick=least", Role("archive", "least") / "blocks"),
        ("bus://role:archive/blocks?pick=n(3)", Role("archive", Several(3)) / "blocks"),
        ("bus://role:archive/blocks?pick=share(0.67)", Role("archive", Share(0.67)) / "blocks"),
        ("bus://role:archive/blocks?pick=key(a%2Fb%20%C3%A9)", Role("archive", Key("a/b é")) / "blocks"),
        ("bus://role:archive{from=1000}/blocks", Role("archive", where={"from": "1000"}) / "blocks"),
        (
            "bus://role:archive{region=eu/1?,from<=500}/blocks?pick=all",
            Role("archive", "all", where="from<=500,region=eu/1?") / "blocks",
        ),
        ("bus://all/blocks", EVERYONE / "blocks"),
    ],
)
def test_each_form_is_read(text: str, address: object) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blocks",
        "bus://local",
        "bus:/local/blocks",
        "tcp://local/blocks",
        "bus://local/",
        "bus://local/Blocks",
        "bus://local/a/b",
        "bus://nobody/blocks",
        f"bus://{NODE.upper()}/blocks",
        "bus://role:/blocks",
        "bus://role:x:all/blocks",
        "bus://role:x/blocks?pick=most",
        "bus://role:x/blocks?pick=n(0)",
        "bus://role:x/blocks?pick=share(0)",
        "bus://role:x/blocks?pick=share(1.1)",
        "bus://role:x/blocks?pick=share(nan)",
        "bus://role:x/blocks?pick=key()",
        "bus://role:x/blocks?pick=key(%FF)",
        "bus://role:x/blocks?",
        "bus://role:x{/blocks",
        "bus://role:x{}/blocks",
        "bus://role:x{from<=much}/blocks",
        "bus://role:x{a=1,}/blocks",
        "bus://role:x{a=1}y/blocks",
        "bus://local/blocks?pick=all",
        "bus://local/" + "a" * 64,
        "bus://local/blocks\n",
    ],
)
def test_what_is_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_address(text)


@given(st.text())
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        assert isinstance(parse_address(f"bus://{text}"), Address | GroupAddress)
    except ValueError:
        return


def test_a_channel_or_a_reactor_stands_for_its_name() -> None:
    assert LOCAL / Pings == LOCAL / Pings.channel == LOCAL / "pings"
    assert Peer(NODE) / Pings == Peer(NODE) / "pings"
    assert EVERYONE / Pings == EVERYONE / "pings"
    assert Role("x", "all") / Pings == Role("x", "all") / "pings"
    for nothing in (5, None, object()):
        with pytest.raises(ValueError, match="not a reactor"):
            LOCAL / nothing  # type: ignore[operator]  # the mistake


def test_a_pick_of_one_gives_an_address_and_one_of_several_a_group() -> None:
    for one in ("one", Key("k")):
        assert isinstance(Role("x", one) / "pings", Address)
    for several in ("all", Several(1), Share(1)):
        assert isinstance(Role("x", several) / "pings", GroupAddress)
    with pytest.raises(ValueError, match="not a pick"):
        Role("x", "most")  # type: ignore[call-overload]  # the mistake
    with pytest.raises(ValueError, match="not a role name"):
        Role("X")


PROGRAM = """
from dataclasses import dataclass
from peerbus.actors import EVERYONE, LOCAL, Actor, Bus, Channel, Key, Peer, Reactor, Role, Several, Share

@dataclass(frozen=True)
class Ping: number: int
@dataclass(frozen=True)
class Pong: number: int
@dataclass(frozen=True)
class Other: number: int

class Pings(Reactor):
    channel = Channel("pings", messages=(Ping, Pong))

async def good(bus: Bus) -> int:
    await bus.tell(LOCAL / Pings, Ping(1))
    await bus.tell(Peer("0" * 64) / Pings.channel, Pong(1))
    results = await bus.ask(EVERYONE / Pings, Ping(1), reply=Pong)
    answer = await bus.ask(Role("x") / Pings, Ping(1), reply=Pong)
    keyed = await bus.ask(Role("x", Key("k")) / Pings, Ping(1), reply=Pong, hedge=0.1, wait_for_peer=True)
    some = await bus.ask(Role("x", Several(3), where="from<=5") / Pings, Ping(1), reply=Pong, quorum=2)
    share = await bus.ask(Role("x", Share(0.5)) / Pings, Ping(1), reply=Pong, quorum=Share(0.67), wait_for_peer=True)
    told = await bus.tell(Role("x", "all") / Pings, Ping(1), wait_for_peer=True)
    pongs = [answer, keyed, *results.answers.values(), *some.answers.values(), *share.answers.values()]
    return len(told) + sum(pong.number for pong in pongs)

async def bad(bus: Bus) -> None:
    await bus.tell(LOCAL / Pings, Other(1))  # wrong
    await bus.ask(Role("x") / Pings.channel, Other(1))  # wrong
    await bus.tell(EVERYONE / Pings, Other(1))  # wrong
    wrong: str = await bus.ask(LOCAL / Pings, Ping(1), reply=Pong)  # wrong
    await bus.ask(Role("x") / Pings, Ping(1), quorum=2)  # wrong
    await bus.ask(Role("x", "all") / Pings, Ping(1), hedge=0.1)  # wrong
    several: Pong = await bus.ask(Role("x", Several(2)) / Pings, Ping(1), reply=Pong)  # wrong
"""


def test_a_type_checker_refuses_a_message_that_the_channel_does_not_declare(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    package = Path(sys.modules["peerbus.actors"].__file__ or "").parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)],
        env={**os.environ, "MYPYPATH": str(package), "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
        cwd=tmp_path,
    )
    wrong = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")}
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "program.py" in line and ": error" in line}
    assert found == wrong, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Role("archive", where=None), "leave it out"),  # type: ignore[call-overload]  # that is what is tested
        (lambda: Role("archive", where=["region=eu"]), "region=eu"),  # type: ignore[call-overload]  # as above
        (lambda: Role("archive", where={"from": 500}), "'500'"),  # type: ignore[dict-item]  # as above
        (lambda: Role("archive", 3), r"Several\(3\)"),  # type: ignore[call-overload]  # as above
        (lambda: Role("archive", 0.5), r"Share\(0.5\)"),  # type: ignore[call-overload]  # as above
        (lambda: Role("archive", None), "leave it out"),  # type: ignore[call-overload]  # as above
    ],
)
def test_what_a_role_is_of_another_type_is_refused_with_what_would_be_right(
    make: Callable[[], object], says: str
) -> None:
    with pytest.raises(TypeError, match=says):
        make()
