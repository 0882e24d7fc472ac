"""What an editor shows, asked of pyright's language server: what a name does, what a call takes, what may follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from language_server import LanguageServer

PROGRAM = '''
from __future__ import annotations

from peerbus.actors import EVERYONE, LOCAL, Bus, Channel, Message, Reactor, Request, Role, Share, handles
from peerbus.node import Node, Worker
from peerbus.testing import Alone, FaultyNetwork, Probes, Simulation


class Block(Message):
    height: int


class GetBlock(Message, Request[Block]):
    """One block."""

    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock,))

    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

    def on_start(self) -> None: ...


async def main(node: Node, bus: Bus) -> None:
    block = await node.ask(Role("archive") / Blocks, GetBlock(7))
    await node.tell(LOCAL / Blocks, GetBlock(7))
    await bus.ask(LOCAL / Blocks, GetBlock(7))
    await node.ask(LOCAL / Blocks, )
    node.
'''

pytestmark = [pytest.mark.types, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """An editor with that program open."""
    with LanguageServer(tmp_path_factory.mktemp("editor")) as server:
        server.show(PROGRAM)
        yield server


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("import EVERYONE", "Every connected peer"),
        ("LOCAL", "This node"),
        ("Bus", "async with Bus(reactors=[Blocks]) as bus:"),
        ("Channel", "idempotent=(GetBlock,)"),
        ("Message", "class GetBlock(Message, Request[Block]):"),
        ("Reactor", "async with Bus(reactors=[Greeter])"),
        ("Role", 'Role("archive", Key("alice@example.org"))'),
        ("Share", "Share(0.67)"),
        ("handles", "@handles(GetBlock)"),
        ("import Node", 'async with Node("bob"'),
        ("Worker", "Worker([Blocks]"),
        ("Alone", "async with Alone(Cache) as cache:"),
        ("FaultyNetwork", "FaultyNetwork(seed=7"),
        ("Simulation", "sim.run(scenario())"),
        ("node.ask", "block = await node.ask("),
        ("node.tell", "await node.tell("),
        ("bus.ask", "Send and get the answer"),
        ("def on_start", "before `on_started` and the first message"),
    ],
)
def test_what_hovers_over_a_name_tells_what_it_does_and_shows_how(at: str, told: str, editor: LanguageServer) -> None:
    shown = editor.hover(at)
    assert told in shown, shown


def test_the_answer_of_an_ask_is_known(editor: LanguageServer) -> None:
    assert "block: Block" in editor.hover("    block")


def test_a_call_tells_which_messages_its_address_takes(editor: LanguageServer) -> None:
    signatures = editor.signatures("await node.ask(LOCAL / Blocks, ")
    assert "to: Address[GetBlock]" in signatures[0]["label"]
    assert "Asks[GetBlock" in signatures[0]["label"]


def test_what_may_stand_in_a_call_is_proposed(editor: LanguageServer) -> None:
    proposed = editor.completions("await node.ask(LOCAL / Blocks, ")
    assert {
        "message=",
        "timeout=",
        "hedge=",
        "quorum=",
        "reply=",
        "wait_for_peer=",
        "GetBlock",
        "Block",
    } <= proposed.keys()


def test_what_a_node_can_do_is_proposed(editor: LanguageServer) -> None:
    proposed = editor.completions("    node.")
    assert {"ask", "tell", "stream", "open", "offer", "snapshot", "spawn", "subscribe", "events"} <= proposed.keys()
