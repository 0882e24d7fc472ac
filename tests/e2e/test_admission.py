"""Networks that are not open, over TCP: who comes in, who has to go, and rotation under load without a failed ask."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from virtual_time import eventually, in_real_time

from peerbus.actors import Channel, Message, Reactor, Request, Role, handles
from peerbus.node import Network, Node
from peerbus.operate.authority import AuthorityFolder
from peerbus.transports.admission import MemberCertificate, NetworkKey, certificates_in
from peerbus.transports.sending import PeerLink
from peerbus.transports.streams import Identity, Terms

PLACE = "tcp://127.0.0.1:0"


class Double(Message, Request[int]):
    number: int


class Desk(Reactor):
    channel = Channel("desk", messages=(Double,))

    @handles(Double)
    def double(self, message: Double) -> int:
        return 2 * message.number


@dataclass
class Member:
    """A node of a network with an authority, by its files."""

    folder: Path
    identity: Identity

    @classmethod
    def new(cls, folder: Path, name: str) -> Member:
        (folder / name).mkdir()
        return cls(folder / name, Identity.generate())

    @property
    def network(self) -> Network:
        return Network("closed", authority=self.folder / "authority.pem", certificate=self.folder / "own.crt")

    def trusts(self, *authorities: AuthorityFolder) -> None:
        """From the next reload on."""
        pem = b"".join(each.certificate.read_bytes() for each in authorities)
        (self.folder / "authority.pem").write_bytes(pem)

    def gets(self, authority: AuthorityFolder, *, seconds: float = 3600, roles: frozenset[str] = frozenset()) -> None:
        """A certificate in place of the one that it has."""
        now = time.time()
        terms = Terms(begins=now - 300, ends=now + seconds, roles=roles)
        authority.issue(self.identity.public_key_der, terms, self.folder / "own.crt", replace=True)

    @property
    def certificate(self) -> MemberCertificate:
        return MemberCertificate.of(certificates_in((self.folder / "own.crt").read_bytes())[0])

    def node(self, name: str, *, peers: tuple[str, ...] = (), **options: object) -> Node:
        return Node(name, network=self.network, identity=self.identity, peers=peers, **options)  # type: ignore[arg-type]


def authority_in(path: Path) -> AuthorityFolder:
    return AuthorityFolder.create(path, begins=time.time() - 300, ends=time.time() + 1e7)


@asynccontextmanager
async def load(node: Node) -> AsyncIterator[list[int]]:
    """Asks without a pause, until the end of the block; each has to be answered."""
    answered: list[int] = []
    ends = asyncio.Event()

    async def ask() -> None:
        while not ends.is_set():
            answered.append(await node.ask(Role("desk") / "desk", Double(len(answered)), timeout=30))
            await asyncio.sleep(0)

    asking = asyncio.ensure_future(ask())
    try:
        yield answered
    finally:
        ends.set()
        await asking


@in_real_time
async def _rotate(tmp_path: Path) -> None:
    old, new = authority_in(tmp_path / "old"), authority_in(tmp_path / "new")
    alice, bob = Member.new(tmp_path, "alice"), Member.new(tmp_path, "bob")
    for each in (alice, bob):
        each.trusts(old)
        each.gets(old)
    a = alice.node("alice", listen=[PLACE], offers={"desk"}, reactors=[Desk])
    async with a, bob.node("bob", peers=a.endpoints, channels=[Desk.channel]) as b:
        await eventually(lambda: bool(a.peers and b.peers))
        stays = a.bus.routes.peers[b.node_id]
        nodes = ((alice, a), (bob, b))
        async with load(b) as answered:

            async def all_reload(change: Callable[[Member], None]) -> None:
                for member, node in nodes:
                    change(member)
                    assert await node.reload_network()
                enough = len(answered) + 50
                await eventually(lambda: len(answered) > enough)

            await all_reload(lambda each: each.gets(old, roles=frozenset({"archive"})))
            await all_reload(lambda each: each.trusts(old, new))
            await all_reload(lambda each: each.gets(new))
            await eventually(lambda: _shown_by(a, b) == bob.certificate and _shown_by(b, a) == alice.certificate)
            await all_reload(lambda each: each.trusts(new))
        assert answered == [2 * number for number in range(len(answered))]
        assert a.bus.routes.peers[b.node_id] is stays


def _shown_by(node: Node, peer: Node) -> MemberCertificate | None:
    """The certificate of a peer as a node knows it."""
    link = node.bus.routes.peers.get(peer.node_id)
    return link.credentials.certificate if isinstance(link, PeerLink) and link.credentials else None


def test_certificates_are_renewed_and_a_root_rotated_under_load_with_no_failed_ask(tmp_path: Path) -> None:
    _rotate(tmp_path)


@in_real_time
async def _refuse(tmp_path: Path) -> None:
    ours, theirs = authority_in(tmp_path / "ours"), authority_in(tmp_path / "theirs")
    names = ("alice", "bob", "carol", "dave", "eve")
    alice, bob, carol, dave, eve = (Member.new(tmp_path, name) for name in names)
    for each in (alice, bob, carol, dave):
        each.trusts(ours)
        each.gets(ours)
    eve.trusts(theirs)
    eve.gets(theirs)
    a = alice.node("alice", listen=[PLACE])
    async with a:
        c = carol.node("carol", peers=a.endpoints, listen=[PLACE])
        # Whose certificate has expired does not start: so Dave's is changed when he was made.
        d = dave.node("dave", peers=a.endpoints)
        dave.gets(ours, seconds=-1)
        d._door.gate.rules = replace(d._door.gate.rules, certificate=dave.certificate)
        async with (
            bob.node("bob", peers=a.endpoints) as b,
            c,
            d,
            eve.node("eve", peers=a.endpoints) as e,
            Node("stranger", network="closed", peers=a.endpoints) as s,
        ):
            await eventually(lambda: set(a.peers) == {b.node_id, c.node_id})
            # All come from one address, and those that fail cost it: some dials may not even be heard.
            verdicts = {d: "expired", e: "certificate", s: "network_policy"}
            for node, reason in verdicts.items():
                await eventually(partial(_failed, node, reason))
                assert not set(node.snapshot().peers.failed) & {*verdicts.values(), "revoked"} - {reason}
            # Each side judges by itself: what a dialer knows by now, Alice may hear of in a moment.
            await eventually(lambda: set(verdicts.values()) <= a.snapshot().peers.refused.keys())
            # Alice hears of it, and Carol, who is connected with her only.
            ours.revoke([bob.certificate], time.time())
            assert await a.revoke(ours.list_file.read_bytes())
            await eventually(lambda: set(a.peers) == {c.node_id} and not b.peers)
            await eventually((carol.folder / "own.crt.revoked").exists)
    # It holds after a restart, at the node that was not told by its operator.
    async with carol.node("carol", listen=[PLACE]) as c, bob.node("bob", peers=c.endpoints) as b:
        await eventually(partial(_failed, b, "revoked"))
        assert not b.peers


def _failed(node: Node, reason: str) -> bool:
    return reason in node.snapshot().peers.failed


def test_who_is_revoked_expired_or_of_another_authority_is_kept_out(tmp_path: Path) -> None:
    _refuse(tmp_path)


def test_a_real_node_warns_of_an_open_network_obeys_sighup_and_tells_no_secret(tmp_path: Path) -> None:
    key = NetworkKey.generate()
    key.save(tmp_path / "demo.key")
    secret = (tmp_path / "demo.key").read_text().split()[-1]
    config = tmp_path / "alice.toml"
    text = 'name = "alice"\nlisten = ["tcp://0.0.0.0:0"]\ndiscovery.mdns = false\nadmin.enabled = false\n'
    config.write_text(text + 'network = "demo"\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "peerbus", "run", str(config), "--json-logs", "--log-level", "debug"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []

    def until(event: str) -> dict[str, object]:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            found: dict[str, object] = json.loads(line)
            if str(found.get("event")).startswith(event):
                return found
        raise AssertionError(f"no {event} in {said}")

    try:
        warning = until("this network is open")
        assert "peerbus explain security" in str(warning["hint"])
        until("node up")
        config.write_text(text + '[network]\nname = "demo"\nnetwork_key = "demo.key"\n')
        process.send_signal(signal.SIGHUP)
        changed = until("configuration reloaded")["changed"]
        assert changed == ["network: it lets in nodes that have its key", f"network: network_key: {key.name}"]
        (tmp_path / "demo.key").chmod(0o604)
        process.send_signal(signal.SIGHUP)
        refused = until("configuration reloaded")["refused"]
        assert isinstance(refused, list)
        assert "chmod 600" in refused[0]
    finally:
        process.terminate()
        rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert secret not in "".join(said) + rest
