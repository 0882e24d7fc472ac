"""A configuration file: what it says when it is right, and what a person reads when it is not."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.actors.messages.capability import Capability
from peerbus.discovery.peer import PeerOptions
from peerbus.discovery.pex import PexOptions
from peerbus.node.config.config import DiscoveryConfig, LogConfig, NodeConfig, ReactorConfig, load_config, parse_config
from peerbus.node.config.limits import LimitsConfig
from peerbus.node.config.peers import PeersConfig
from peerbus.node.config.pex import PexConfig
from peerbus.node.identity_source import IdentitySource
from peerbus.transports.streams.endpoint import Endpoint

LEAST = 'name = "alice"\nnetwork = "demo"\n'
NODE_ID = "ab" * 32
FULL = f"""
name = "alice"
network = "demo"
identity = "keys/alice.pem"
listen = ["tcp://0.0.0.0:7400", "unix:///run/alice.sock"]
advertise = ["tcp://alice.example:7400"]
offers = ["archive", "index{{from=1000}}"]

[[reactors]]
path = "blocks:Blocks"
args = {{ size = 3 }}

[[reactors]]
path = "gossip.pool:Mempool"

[discovery]
mdns = true
interfaces = ["127.0.0.1"]

[pex]
seed = true
private = true

[peers]
persistent = ["tcp://{NODE_ID}@10.0.0.2:7400"]
max_connected = 8
max_outgoing = 4

[log]
level = "debug"
format = "json"

[limits]
shutdown_timeout = 3
"""


def parse(text: str, folder: Path = Path()) -> NodeConfig:
    return parse_config(text, name="alice.toml", folder=folder)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


def test_a_name_and_a_network_are_enough() -> None:
    config = parse(LEAST)
    assert (config.name, config.network.name) == ("alice", "demo")
    assert (config.identity, config.listen, config.offers, config.reactors) == (None, (), (), ())
    assert (config.discovery, config.peers) == (DiscoveryConfig(), PeersConfig())
    assert (config.advertise, config.pex) == ((), PexConfig(enabled=True, private=False))
    assert (config.log, config.limits) == (LogConfig(), LimitsConfig())


def test_every_key_is_read_into_its_type(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "alice.pem"
    key.parent.mkdir()
    key.touch()
    file = tmp_path / "alice.toml"
    file.write_text(FULL)
    config = load_config(file)
    assert config.identity == IdentitySource("file", str(key))
    assert config.folder == tmp_path
    assert config.listen == (Endpoint("tcp", "0.0.0.0", 7400), Endpoint("unix", path="/run/alice.sock"))  # noqa: S104 - read, not bound
    assert config.offers == (Capability("archive"), Capability("index", {"from": "1000"}))
    assert config.reactors == (
        ReactorConfig("blocks:Blocks", {"size": 3}),
        ReactorConfig("gossip.pool:Mempool"),
    )
    assert config.discovery == DiscoveryConfig(mdns=True, interfaces=("127.0.0.1",))
    assert config.advertise == (Endpoint("tcp", "alice.example", 7400),)
    assert config.pex == PexConfig(enabled=True, private=True, options=PexOptions(seed=True))
    persistent = (Endpoint.parse(f"tcp://{NODE_ID}@10.0.0.2:7400"),)
    assert config.peers == PeersConfig(persistent=persistent, options=PeerOptions(max_connected=8, max_outgoing=4))
    assert config.log == LogConfig(level="debug", format="json")
    assert config.limits == LimitsConfig(shutdown_timeout=3.0)


def test_an_interface_may_be_given_by_its_name() -> None:
    (_, name), *_ = socket.if_nameindex()
    assert parse(LEAST + f"[discovery]\ninterfaces = ['{name}']").discovery.interfaces == (name,)


def test_reactors_may_be_a_plain_list() -> None:
    config = parse(LEAST + 'reactors = ["a:B", "c.d:E"]')
    assert [reactor.path for reactor in config.reactors] == ["a:B", "c.d:E"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            "max_connected = 3",
            "alice.toml:3: max_connected: unknown key; known here: admin, advertise, book, channels,",
        ),
        ("discovry = {}", "alice.toml:3: discovry: unknown key; did you mean 'discovery'?"),
        ("[peers]\nmax_conected = 3", "alice.toml:4: peers.max_conected: unknown key; did you mean 'max_connected'?"),
        (
            "[[peers.require]]\nrole = 'archive'",
            "peers.require[0]: says not how many; write at_least = 2, or share = 0.3, or both",
        ),
        ("[[peers.require]]\nrole = 'archive'\nshare = 2.0", "peers.require[0].share: 2.0 is out of range"),
        ("[peers]\nrequire = ['archive']", "peers.require[0]: write { role ="),
        (
            "[peers.require]\nrole = 'archive'",
            "alice.toml:3: peers.require: is one table, not a list of tables; write [[peers.req",
        ),
        (
            "[peers]\nmax_connected = 2\nrequire = [{ role = 'archive', at_least = 3 }]",
            "alice.toml:5: peers.require[0].at_least: 3 is more than max_connected = 2",
        ),
        (
            "[peers]\nseeds = ['tcp://0.0.0.0:7400']",
            'peers.seeds[0]: tcp://0.0.0.0:7400 is where a node listens; write where it is, "tcp://10.0.0.2:7400"',
        ),
        ("[peers]\nprivate = ['me']", "peers.private[0]: 'me' is no node id"),
        ("[peers]\nseeds = ['tcp://a:0']", "peers.seeds[0]: tcp://a:0 has port 0, which cannot be dialed"),
        ("[peers]\nmax_connected = 'many'", "alice.toml:4: peers.max_connected: 'many' is not an integer; for example"),
        ("[peers]\nmax_connected = true", "alice.toml:4: peers.max_connected: true is not an integer"),
        ("[peers]\nmax_connected = 0", "alice.toml:4: peers.max_connected: 0 is out of range; write an integer from 1"),
        ("[peers]\nmax_connected = 4\nmax_outgoing = 5", "peers.max_outgoing: 5 is more than max_connected = 4"),
        ("peers = 7", "alice.toml:3: peers: 7 is not a table; for example [peers]"),
        ("[peers]\npersistent = ['tcp://h:0']", "persistent[0]: tcp://h:0 has port 0, which cannot be dialed"),
        ("[peers]\npersistent = ['tcp://ABC@h:1']", "peers.persistent[0]: endpoint 'tcp://ABC@h:1': not a node id"),
        ("[peers]\npersistent = ['tcp://h:1', 'tcp://h:1']", "peers.persistent[1]: tcp://h:1 is there twice"),
        (
            "[peers]\nmax_connected = 1\npersistent = ['tcp://h:1', 'tcp://h:2']",
            "peers.persistent: 2 peers do not fit in max_connected = 1",
        ),
        (
            "listen = 'tcp://h:1'",
            "alice.toml:3: listen: 'tcp://h:1' is not a list; for example [\"tcp://0.0.0.0:7400\"]",
        ),
        ("listen = ['tcp://h:99999']", "alice.toml:3: listen[0]: endpoint 'tcp://h:99999': port 99999 is not in"),
        ("listen = ['h:1']", "alice.toml:3: listen[0]: endpoint 'h:1' has no scheme"),
        ("listen = ['memory://x']", "alice.toml:3: listen[0]: memory://x ends at this process"),
        ("listen = [1]", "alice.toml:3: listen[0]: 1 is not a string"),
        (f"listen = ['tcp://{NODE_ID}@h:1']", f"listen[0]: tcp://{NODE_ID}@h:1 names a node; write tcp://h:1"),
        ("listen = ['tcp://h:1', 'tcp://h:1']", "listen[1]: tcp://h:1 is there twice"),
        ("offers = ['Archive']", "alice.toml:3: offers[0]: not a role name: 'Archive'"),
        ("offers = ['a', 'a{x=1}']", "alice.toml:3: offers[1]: role 'a' is there twice"),
        ("identity = 'env:1'", "alice.toml:3: identity: after env: stands the name of a variable of the environment"),
        ("identity = ''", "alice.toml:3: identity: '' is not a path; for example"),
        (f"offers = {'[' * 3000}", "alice.toml: lists or tables are nested too deeply"),
        ("book = '.'", "alice.toml:3: book: . is a folder; name a file in a folder that exists"),
        ("book = 'nowhere/a.db'", "book: nowhere/a.db cannot be made: its folder does not exist"),
        ("reactors = 'a:B'", "alice.toml:3: reactors: 'a:B' is not a list"),
        ("reactors = ['blocks']", "reactors[0]: 'blocks' is not an import path; write \"package.module:Class\""),
        (
            "[[reactors]]\npath = 'a:B'\n[[reactors]]\npth = 'a:B'",
            "alice.toml:5: reactors[1].path: is missing (found 'pth'); write path =",
        ),
        ("[[reactors]]\npath = 'a:B'\nargs = 3", "alice.toml:5: reactors[0].args: 3 is not a table"),
        ("[[reactors]]\npath = 'a:B'\nargz = {}", "reactors[0].argz: unknown key; did you mean 'args'?"),
        ("[discovery]\nmdns = ['eth0']", 'is not true or false; for example true, and beside it interfaces = ["eth0"]'),
        ("pex = false", "alice.toml:3: pex: false is not a table; for example pex.enabled = false"),
        ("admin = false", "alice.toml:3: admin: false is not a table; for example admin.enabled = false"),
        ("[discovery]\nmdns = 'yes'", "alice.toml:4: discovery.mdns: 'yes' is not true or false"),
        (
            "[discovery]\ninterfaces = ['eth 0']",
            "discovery.interfaces[0]: 'eth 0' is neither an IP address nor the name of an interface",
        ),
        ("[pex]\nseed = true\nenabled = false", "alice.toml:4: pex.seed: a seed answers in peer exchange"),
        ("[pex]\nenabled = 1", "alice.toml:4: pex.enabled: 1 is not true or false"),
        ("advertise = ['tcp://0.0.0.0:1']", "alice.toml:3: advertise[0]: tcp://0.0.0.0:1 cannot be dialed"),
        (f"advertise = ['tcp://{NODE_ID}@a:1']", "advertise[0]: tcp://" + NODE_ID + "@a:1 names a node"),
        (
            "advertise = [" + ", ".join(f"'tcp://a:{port}'" for port in range(1, 10)) + "]",
            "advertise: 9 endpoints; peers are told of at most 8",
        ),
        (
            "offers = [" + ", ".join(f"'r{number}'" for number in range(65)) + "]",
            "offers: 65 offers of 185 bytes; peers are told of at most 64",
        ),
        ("[discovery]\ninterfaces = []", "alice.toml:4: discovery.interfaces: is empty; leave the key out"),
        ("[log]\nlevel = 'inf'", "alice.toml:4: log.level: 'inf' is not one of debug, info, warning, error; did you"),
        ("[log]\nformat = 'xml'", "alice.toml:4: log.format: 'xml' is not one of console, json"),
        ("[limits]\nshutdown_timeout = -1", "limits.shutdown_timeout: -1.0 is out of range; write seconds above 0"),
        ("[limits]\nshutdown_timeout = nan", "limits.shutdown_timeout: nan is out of range"),
        ("offers = [", "alice.toml:3: not TOML: "),
        (
            "[network]\nnetwork_key = 'k'",
            "alice.toml:3: not TOML: network has a value above, and is a table here: take",
        ),
        ("offers = []\n[offers.x]\na = 1", "alice.toml:4: not TOML: offers has a value above, and is a table here"),
        ("[peers]\n[pex]\n[peers]", "alice.toml:5: not TOML: the table [peers] stands there twice"),
        ("[peers]\nseeds = []\nseeds = []\n", "alice.toml:5: not TOML: seeds stands there twice"),
        ("offers = 'a", "alice.toml:3: not TOML: "),
    ],
)
def test_a_wrong_line_is_named_with_what_would_be_right(lines: str, says: str) -> None:
    text = refusal(LEAST + lines)
    assert says in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", 'alice.toml: name: is missing; write name = "alice"'),
        ('nmae = "a"', "alice.toml: name: is missing (found 'nmae')"),
        ('name = ""\nnetwork = "n"', "alice.toml:1: name: '' is not a name; write 1 to 64 printable characters"),
        ('name = "a"\nnetwork = "\\n"', "alice.toml:2: network: '\\n' is not a name"),
        (f'name = "{"a" * 65}"\nnetwork = "n"', "is not a name"),
    ],
)
def test_a_node_without_a_name_or_a_network_is_refused(text: str, says: str) -> None:
    assert says in refusal(text)


def test_a_dotted_key_and_an_inline_table_have_their_line_too() -> None:
    assert "alice.toml:4: log.level: 3" in refusal(LEAST + "discovery.mdns = false\nlog.level = 3")
    assert "alice.toml:3: log.level: 3" in refusal(LEAST + "log = { level = 3 }")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ConfigError, match=r"latin\.toml: not UTF-8 text at byte 8"):
        load_config(tmp_path / "latin.toml")


def test_the_mark_that_some_editors_write_before_a_text_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "alice.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "alice"\nnetwork = "demo"\n')
    assert load_config(path).name == "alice"


DOCS = Path(__file__).resolve().parents[4] / "docs" / "configuration.md"


def test_the_page_has_every_key_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-zA-Z_.\[\]]+)` \| ", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    tables = '[[reactors]]\npath = "a:B"\n[reactors.pool]\nmembers = 2\nupper = 4\n'
    tables += '[[peers.require]]\nrole = "archive"\nshare = 0.5\n[channels.name]\n'
    tables += '[processes.name]\nreactors = [{path = "a:B"}]\n'
    keys = parse(f"{LEAST}{tables}[permissions.channels.name]\n[rates]\n").source.known
    keys |= parse('name = "a"\n[network]\nname = "n"\n').source.known
    keys -= {"discovery", "pex", "peers", "peers.scores", "log", "limits", "admin", "tracing"}
    keys -= {"permissions", "permissions.channels", "rates", "transports", "processes", "processes.name"}
    known = {
        key.replace("[0]", "[]").replace("channels.name", "channels.NAME").replace("processes.name", "processes.NAME")
        for key in keys
    }
    known |= {"peers.scores", "permissions.roles", "processes.NAME"}
    assert known - documented == set(), "write what it means into docs/configuration.md"
    assert documented - known == set(), "there is no such key"


def test_the_configuration_that_the_page_begins_with_is_a_right_one(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert parse(shown[1], tmp_path).peers.options.max_connected == 64
