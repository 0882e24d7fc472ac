"""`peerbus run`: what `--check` says, what is refused, and how a node ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest
import structlog
from command_line import CONFIG, run

from peerbus.actors.base.errors import ConfigError, ListenFailed
from peerbus.node.network.door import NetworkDoor


def test_check_says_what_a_configuration_means_and_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "alice.pem"
    _, node_id, _ = run(["keygen", str(key)], capsys)
    config = tmp_path / "alice.toml"
    config.write_text(CONFIG + 'identity = "alice.pem"\noffers = ["archive"]\nlisten = ["tcp://127.0.0.1:7400"]\n')
    status, out, err = run(["run", str(config), "--check"], capsys)
    assert (status, err) == (0, "")
    for word in ("alice in network demo", node_id.strip(), "tcp://127.0.0.1:7400", "archive"):
        assert word in out


def test_what_stands_above_the_file_is_shown_by_check_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(f"{CONFIG}[peers]\nmax_connected = 9\n")
    monkeypatch.setenv("PEERBUS_PEERS__MAX_CONNECTED", "8")
    monkeypatch.setenv("PEERBUS_PEERS__HEARTBEAT", "2")
    monkeypatch.setenv("PEERBUS_SERVICE_HOST", "10.0.0.1")
    status, out, err = run(["run", str(config), "--check", "--set", "name=bob", "--set", "peers.heartbeat=3"], capsys)
    assert (status, err) == (0, "")
    for line in (
        '  name = "bob"  (--set)',
        f'  network = "demo"  ({config}:2)',
        "  peers.max_connected = 8  (PEERBUS_PEERS__MAX_CONNECTED)",
        "  peers.heartbeat = 3  (--set)",
        "  PEERBUS_SERVICE_HOST (as containers are told of a service)",
    ):
        assert line in out.splitlines()


def test_a_wrong_value_above_the_file_is_a_mistake_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(CONFIG)
    monkeypatch.setenv("PEERBUS_LOG__LEVEL", "loud")
    says = "peerbus run: PEERBUS_LOG__LEVEL: log.level: 'loud' is not one of debug, info, warning, error\n"
    assert run(["run", str(config)], capsys) == (2, "", says)
    status, _, err = run(["run", str(config), "--set", "log.level"], capsys)
    assert (status, err) == (
        2,
        "peerbus run: --set: 'log.level' is no key and value; write --set peers.max_connected=8\n",
    )


def test_check_says_whom_a_node_finds_dials_and_requires(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(
        f"""{CONFIG}
        listen = ["tcp://127.0.0.1:7400"]
        advertise = ["tcp://10.0.0.1:7400"]
        [discovery]
        interfaces = ["127.0.0.1"]
        [peers]
        persistent = ["tcp://10.0.0.2:7400", "unix:///run/a.sock"]
        seeds = ["tcp://10.0.0.3:7400"]
        require = [{{ role = "archive", at_least = 2 }}, {{ role = "index", share = 0.3 }}]
        """
    )
    status, out, err = run(["run", str(config), "--check"], capsys)
    assert (status, err) == (0, "")
    assert out.splitlines()[5:13] == [
        "  listens    tcp://127.0.0.1:7400",
        "  advertises tcp://10.0.0.1:7400",
        "  offers     nothing",
        "  reactors   none",
        "  finds by   mDNS on 127.0.0.1, peer exchange",
        "  peers      tcp://10.0.0.2:7400, unix:///run/a.sock",
        "  seeds      tcp://10.0.0.3:7400",
        "  requires   at least 2 with archive, 30% of the peers with index",
    ]


def test_check_says_that_a_node_finds_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(f"{CONFIG}discovery.mdns = false\npex.enabled = false\n")
    _, out, _ = run(["run", str(config), "--check"], capsys)
    assert "finds by   nothing" in out


@pytest.mark.parametrize("check", [["--check"], []])
@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("[log]\nlevel = 'loud'", "alice.toml:4: log.level: 'loud' is not one of"),
        ("reactors = ['no_such_module:Blocks']", "alice.toml:3: reactors[0]: cannot import 'no_such_module'"),
        ("identity = 'open.pem'", "alice.toml:3: identity: "),
        ("identity = '~no_such_user/alice.pem'", "alice.toml:3: identity: the home of ~no_such_user is not known"),
        ("book = '~no_such_user/alice.db'", "alice.toml:3: book: the home of ~no_such_user is not known"),
        ('identity = "a\\u0000b"', "alice.toml:3: identity: 'a\\x00b' is not a path"),
        (f"identity = '{'a' * 300}'", ": File name too long"),
        ("book = 'alice.pem'", "alice.pem cannot be the book: it holds a key or a certificate"),
        (f"book = '{os.devnull}'", f"book: {os.devnull} cannot be the book: it is no file"),
        ("book = 'link.db'", "link.db cannot be the book: it is a symbolic link; name the file itself"),
        ("identity = '.'", "is a folder; name the file that `peerbus keygen` wrote"),
        ("identity = 'fd:77'", "alice.toml:3: identity: fd:77: it is not open; start with 77<alice.pem, or a pipe"),
        ("identity = 'credential:a'", "alice.toml:3: identity: credential:a: $CREDENTIALS_DIRECTORY is not set"),
        (f"book = '{'a' * 300}/alice.db'", "cannot be looked at: File name too long"),
        ("admin.at = '~no_such_user/a.sock'", "alice.toml:3: admin.at: the home of ~no_such_user is not known"),
        (f"admin.at = '{'a' * 120}'", "is too long: 107 bytes at most"),
        ("admin.at = 'open.pem'", "open.pem is there already, and no socket"),
        ("admin.at = 'http://127.0.0.1:0'\nadmin.token = '.'", "cannot be read: "),
        ("admin.at = 'http://127.0.0.1:0'\nadmin.token = 'no/a'", "/no does not exist"),
        (
            "admin.at = 'http://127.0.0.1:7409'\nlisten = ['tcp://127.0.0.1:7409']",
            "alice.toml:3: admin.at: http://127.0.0.1:7409 is where listen[0] is as well",
        ),
        ("listen = ['unix:///tmp/a.sock', 'unix:///tmp/./a.sock']", "unix:///tmp/./a.sock is where listen[0] is"),
        ("[processes.w]\nreactors = ['a:B']\nlisten = 'unix:///no/w.sock'", "the folder /no does not exist"),
        (
            "reactors = [{path = 'peerbus.node.blocksync:Blocks', args = {file = '/no/such/file'}}]",
            "alice.toml:3: reactors[0]: peerbus.node.blocksync:Blocks cannot be made",
        ),
    ],
)
def test_a_wrong_configuration_starts_nothing_either(
    lines: str, says: str, check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "open.pem").touch(mode=0o644)
    (tmp_path / "link.db").symlink_to("open.pem")
    (tmp_path / "alice.pem").write_text("-----BEGIN PRIVATE KEY-----")
    config = tmp_path / "alice.toml"
    config.write_text(CONFIG + lines)
    status, out, err = run(["run", str(config), *check], capsys)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("check", [["--check"], []])
def test_a_network_whose_name_mdns_cannot_carry_is_refused(
    check: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "alice.toml"
    config.write_text(f'name = "{"я" * 40}"\nnetwork = "{"я" * 40}"\n')
    status, _, err = run(["run", str(config), *check], capsys)
    assert status == 2
    assert f"alice.toml:2: network: {'я' * 40!r} takes 80 bytes as UTF-8, at most 64 are allowed" in err


class Started:
    """A node that logs when it starts, then raises, or stops by itself."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self._door = NetworkDoor("demo", "ab" * 32)  # that reads its rules anew

    async def __aenter__(self) -> Self:
        structlog.get_logger().info("node up", node="alice")
        structlog.get_logger().debug("detail")
        if self.error:
            raise self.error
        return self

    async def __aexit__(self, *error: object) -> None: ...

    async def wait_stopped(self) -> None: ...


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "alice.toml"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize(
    ("flags", "events"),
    [
        (["--json-logs"], ["node up"]),
        (["--json-logs", "--log-level", "debug"], ["node up", "detail"]),
        (["--json-logs", "--log-level", "warning"], []),
    ],
)
def test_run_starts_the_node_and_its_flags_change_what_is_logged(
    flags: list[str],
    events: list[str],
    config: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("peerbus.operate.commands.run.build_node", lambda *_: Started())
    status, out, err = run(["run", config, *flags], capsys)
    assert (status, out) == (0, "")
    logged = [json.loads(line) for line in err.splitlines()]
    assert [event["event"] for event in logged if event.get("logger") != "asyncio"] == events


def test_run_logs_where_the_key_came_from_and_not_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "alice.toml").write_text(f'{CONFIG}identity = "env:ALICE_KEY"\n')
    run(["keygen", str(tmp_path / "alice.pem")], capsys)
    pem = (tmp_path / "alice.pem").read_text()
    monkeypatch.setenv("ALICE_KEY", pem)
    monkeypatch.setattr("peerbus.operate.commands.run.build_node", lambda *_: Started())
    _, _, err = run(["run", str(tmp_path / "alice.toml"), "--json-logs"], capsys)
    (told,) = [event for event in map(json.loads, err.splitlines()) if event["event"] == "identity read"]
    assert told["source"] == "env:ALICE_KEY"
    assert told["why"] == "it was taken out of the environment, children do not inherit it"
    assert pem.splitlines()[1] not in err


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (
            ListenFailed("tcp://127.0.0.1:7400: address in use"),
            1,
            "peerbus run: tcp://127.0.0.1:7400: address in use (see peerbus explain ListenFailed)\n",
        ),
        (ConfigError("two reactors are named blocks"), 2, "peerbus run: two reactors are named blocks\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_ends_a_node_is_one_line_and_an_exit_status(
    error: BaseException,
    status: int,
    says: str,
    config: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("peerbus.operate.commands.run.build_node", lambda *_: Started(error))
    assert run(["run", config, "--log-level", "warning"], capsys) == (status, "", says)


def test_a_reactor_that_cannot_be_made_is_an_event_of_the_log_with_its_traceback_and_one_line(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("peerbus.operate.commands.run.build_node", lambda *_: Started(RuntimeError("no\ndatabase")))
    status, out, err = run(["run", config, "--json-logs", "--log-level", "error"], capsys)
    logged, said = err.splitlines()
    assert (status, out) == (1, "")
    assert said == "peerbus run: alice failed: RuntimeError: no database"
    event = json.loads(logged)
    assert (event["event"], event["node"]) == ("the node failed", "alice")
    assert event["exception"][0]["exc_value"] == r"no\ndatabase"


def test_a_reader_that_has_gone_is_no_error(config: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "peerbus", "run", config, "--check"],
            check=False,
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
        )
    assert (done.returncode, done.stderr) == (141, "")


def test_check_says_what_is_missing_to_be_hardened_and_run_starts_only_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o700)
    config = tmp_path / "alice.toml"
    config.write_text(f'{CONFIG}listen = ["tcp://0.0.0.0:7400"]\n')
    status, out, err = run(["run", str(config), "--check", "--harden"], capsys)
    assert (status, err) == (2, "")
    first, *lines = out.splitlines()
    assert first == f"{config} is not hardened, 2 things are missing:"
    assert [line.split(": ")[1] for line in lines] == ["identity", "network"]
    run(["keygen", str(tmp_path / "alice.pem")], capsys)
    right = ["--set", "identity=alice.pem", "--set", "listen=['tcp://127.0.0.1:0']"]
    status, out, err = run(["run", str(config), "--check", "--harden", *right], capsys)
    assert (status, err) == (0, "")
    assert "  discovery.mdns = false  (--harden)" in out.splitlines()
