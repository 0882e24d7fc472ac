"""The command line, `peerbus`: run a node, make its identity, compare its messages, watch a demonstration."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .. import __version__
from ..actors.base import ConfigError, PeerbusError
from .logs import LEVELS
from .process_signals import ProcessSignals, Signalled

if TYPE_CHECKING:
    from .config import NodeConfig
    from .extension import Extension

__all__ = ["main"]

#: Exit statuses: what went wrong while running, what the user wrote wrongly, Ctrl-C (128 and SIGINT's number), and
#: output that nobody reads any more (128 and SIGPIPE's).
FAILED, MISUSED, INTERRUPTED, UNREAD = 1, 2, 130, 141

_EXAMPLES = """\
examples:
  peerbus demo                       four nodes find each other and sync a file
  peerbus keygen keys/alice.pem      make a node's identity and print its id
  peerbus run alice.toml --check     say what is wrong with a configuration
  peerbus run alice.toml             run the node until Ctrl-C
  peerbus ping tcp://10.0.0.2:7400   see whether a node answers there
  peerbus schema check OLD NEW       whether nodes can be upgraded one by one
  peerbus run alice.toml --set peers.max_connected=8
  PEERBUS_PEERS__MAX_CONNECTED=8 peerbus run alice.toml

a configuration, alice.toml:
  name = "alice"
  network = "demo"
  identity = "keys/alice.pem"
  listen = ["tcp://0.0.0.0:7400"]
  offers = ["archive"]
  reactors = ["blocks:Blocks"]       # class Blocks in blocks.py beside this file

every key: docs/configuration.md. Exit status: 0 well, 1 failed, 2 bad flag or configuration, 130 Ctrl-C.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the command that explains."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(
    arguments: Sequence[str] | None = None,
    *,
    signals: ProcessSignals | None = None,
    extend: Callable[[NodeConfig], Sequence[Extension]] = lambda _: (),
) -> int:
    """Run the command line; return the exit status. `signals`: have heard them until now.

    `extend`: makes what a node is extended by that is run from a configuration; it raises ConfigError.

    Raises: SystemExit from flags, as argparse does.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser, commands = _parser()
    if words[:1] == ["schema"]:
        from . import schema_command

        schema_command.add_arguments(commands["schema"])
        commands["schema"].set_defaults(command=lambda options: schema_command.run(options, _say))
    if words[:1] == ["demo"]:
        from . import demo

        demo.add_arguments(commands["demo"])
        commands["demo"].set_defaults(command=demo.run)
    options, unknown = parser.parse_known_args(words)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if options.command is None:
        parser.print_help(sys.stderr)
        return MISUSED
    options.signals, options.extend = signals, extend
    try:
        if signals is not None:
            signals.check()
        status: int = options.command(options)
    except ConfigError as error:
        print(f"{options.prog}: {_one_line(error)}", file=sys.stderr)
        return MISUSED
    except PeerbusError as error:
        print(f"{options.prog}: {_one_line(error)}", file=sys.stderr)
        return FAILED
    except Signalled as told:
        return told.status
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _parser() -> tuple[_Parser, dict[str, argparse.ArgumentParser]]:
    parser = _Parser(
        prog="peerbus",
        description="A message bus made of actors: nodes that find each other and talk by role.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"peerbus {__version__}")
    parser.set_defaults(command=None, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, text: str, epilog: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        made.set_defaults(prog=f"peerbus {name}", parser=made)
        return made

    run = command(
        "run",
        "run one node from its configuration, until Ctrl-C or SIGTERM",
        "The first signal finishes the work at hand and says goodbye to the peers; a second one stops at once.\n"
        "SIGHUP reads the configuration anew: what can be changed is, and the log names what needs a restart.\n"
        "A service manager that sets NOTIFY_SOCKET hears of it; its watchdog is fed while the event loop turns.",
    )
    run.add_argument("config", metavar="CONFIG.toml", type=Path, help="the configuration (docs/configuration.md)")
    run.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="stands above the file and the environment; the value is TOML, or a text (may be repeated)",
    )
    run.add_argument("--log-level", choices=list(LEVELS), help="instead of [log] level")
    run.add_argument("--json-logs", action="store_true", help="one JSON object a line, instead of [log] format")
    run.add_argument("--check", action="store_true", help="read and import everything, say what it is, start nothing")
    run.set_defaults(command=_run)

    keygen = command("keygen", "make a new identity (an Ed25519 private key) and print its node id")
    keygen.add_argument("path", metavar="PATH", type=Path, help="the file to write, readable by its owner only")
    keygen.add_argument("--force", action="store_true", help="replace the file: the node of the old key is gone")
    keygen.set_defaults(command=_keygen)

    show = command("id", "print the node id of an identity")
    show.add_argument(
        "source", metavar="IDENTITY", help="a file that `peerbus keygen` wrote, or env:NAME, fd:N, credential:NAME"
    )
    show.set_defaults(command=_id)

    ask = command(
        "ping",
        "see whether a node answers at a place",
        "Prints its id, which it proves over TCP. It is not joined, and no key is needed: for probes of its health.",
    )
    ask.add_argument("endpoint", metavar="ENDPOINT", help="tcp://host:port, tcp://<node id>@host:port, unix:///path")
    ask.add_argument("--timeout", metavar="SECONDS", type=float, default=3.0, help="how long to wait (default: 3)")
    ask.set_defaults(command=_ping)

    demo = command("demo", "let several nodes on this machine find each other and sync a file")
    schema = command("schema", "show what messages look like to peers; compare an old program with a new one")
    return parser, {"demo": demo, "schema": schema}


def _read(options: argparse.Namespace) -> NodeConfig:
    """The configuration, with what the flags say. Raises: ConfigError."""
    from .config import load_config
    from .overrides import from_environment, from_words

    overrides = [*from_environment(os.environ), *from_words(options.set)]
    config = load_config(options.config, overrides)
    log = config.log
    if options.log_level:
        log = replace(log, level=options.log_level)
    if options.json_logs:
        log = replace(log, format="json")
    return replace(config, log=log)


def _run(options: argparse.Namespace) -> int:
    from . import logs

    config = _read(options)
    logs.configure(config.log.level, config.log.format)

    from ..actors.base import get_logger
    from .build import build_node, known_channels, load_identity
    from .check_report import check_report, ignored_variables
    from .notify import Notifier
    from .reload import Reload
    from .serve import run_loop, serve

    identity = load_identity(config)
    if options.check:
        build_node(config, identity, options.extend(config))  # all that `run` does before it opens a socket
        _say(f"{options.config} is well\n{check_report(config, identity, known_channels(config))}")
        return 0
    if ignored := ignored_variables(config):
        get_logger("peerbus.node").warning(
            "variables ignored", names=ignored, why="they are no keys of a configuration; --check says more"
        )

    notifier = Notifier.of_environment(f"{config.name} is up in network {config.network}")

    async def main() -> int:
        if identity:
            get_logger("peerbus.node").info("identity read", source=str(identity.source), why=identity.why)
        node = build_node(config, identity, options.extend(config))
        reload = Reload(node, config, lambda: _read(options))
        return await serve(node, signals=options.signals, reload=reload, notifier=notifier)

    try:
        return run_loop(main())
    except PeerbusError:
        raise
    except Exception as error:
        # A reactor that cannot be made or started, or that handed its failure on: its traceback goes where the logs go.
        get_logger("peerbus.node").error("the node failed", node=config.name, exc_info=error)
        raise PeerbusError(f"{config.name} failed: {type(error).__name__}: {error}") from error


def _keygen(options: argparse.Namespace) -> int:
    from ..transports.streams import Identity

    path: Path = options.path
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name the file to write: {path / 'alice.pem'}")
    if path.exists() and not options.force:
        raise ConfigError(f"{path} exists; with --force its node would lose its id for ever")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    identity = Identity.generate()
    identity.save(path, overwrite=options.force)
    _say(identity.node_id)
    return 0


def _id(options: argparse.Namespace) -> int:
    from .identity_source import IdentitySource

    try:
        source = IdentitySource.parse(options.source)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    _say(source.read().identity.node_id)
    return 0


def _ping(options: argparse.Namespace) -> int:
    import asyncio

    from .node_arguments import dialed_of, seconds_of
    from .ping import ping

    endpoint = dialed_of("ENDPOINT", options.endpoint)
    answered = asyncio.run(ping(endpoint, timeout=seconds_of("--timeout", options.timeout, zero=False)))
    who = answered.node_id or "a node (a Unix socket proves no id)"
    _say(f"{endpoint.without_peer()}: {who} answered in {answered.seconds * 1000:.1f} ms")
    return 0


def _say(text: str) -> None:
    """Print. Raises: SystemExit where the reader has gone, as `| head` does."""
    try:
        # A path, or a variable, may hold bytes that are no text.
        print(text.encode(errors="backslashreplace").decode(), flush=True)
    except BrokenPipeError:
        # What is left goes nowhere, or the interpreter would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(UNREAD) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
