"""`peerbus run`: one node from its configuration, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import gc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...actors.base import PeerbusError, get_logger
from ...node import logs
from ...node.config import NodeConfig, Override, from_outside, load_config
from ...node.process import Notifier, guard_process
from ...node.run import (
    FLAG,
    MEASURES,
    Reload,
    build_node,
    check_report,
    hardened,
    ignored_variables,
    known_channels,
    load_identity,
    run_loop,
    serve,
)
from ..configured import extensions_of
from .guarded import guards_said, log_guarding, not_hardened, say_missing, warn_of_root
from .settings import add_settings, settings_said
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

#: Seconds after which what a node is made of is there: code, its own actors.
SETTLED = 5.0
_EPILOG = """\
The first signal finishes the work at hand and says goodbye to the peers; a second one stops at once.
SIGHUP reads the configuration anew: what can be changed is, and the log names what needs a restart.
A service manager that sets NOTIFY_SOCKET hears of it; its watchdog is fed while the event loop turns.

--harden is for nodes that strangers can reach (peerbus explain security). It turns on, where nobody has set it:
{measures}
gives up for the process:
{guards}
and starts only with a key of its own, where nobody from outside may come in uninvited, with pins, with an admin API
at a Unix socket or none, and where no other user can write the configuration, the book, or what Python imports.
--check --harden says what of that is missing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `peerbus run`."""
    parser.epilog = _EPILOG.format(
        measures="\n".join(f"  {one.key} = {one.override.text}\n    {one.why}" for one in MEASURES),
        guards=guards_said(),
    )
    parser.add_argument(
        "config", metavar="CONFIG.toml", type=Path, help="the configuration (peerbus explain configuration)"
    )
    add_settings(parser)
    parser.add_argument(
        "--check", action="store_true", help="read and import everything, say what it is, start nothing"
    )
    parser.add_argument(
        FLAG, action="store_true", help="turn on what keeps strangers out, and start only where nothing is missing"
    )


def _read(options: argparse.Namespace) -> NodeConfig:
    """The configuration, with what the flags say. Raises: ConfigError, also where it is to be hardened and is not."""
    if not options.harden:
        return _loaded(options, ())
    found = hardened(lambda measures: _loaded(options, measures))
    if found.missing:
        raise not_hardened(found.lines())
    return found.config


def _loaded(options: argparse.Namespace, measures: Sequence[Override]) -> NodeConfig:
    overrides = [*measures, *settings_said(options)]
    config = load_config(options.config, overrides)
    log = config.log
    if options.log_level:
        log = replace(log, level=options.log_level)
    if options.json_logs:
        log = replace(log, format="json")
    return replace(config, log=log)


def _say_if_open(config: NodeConfig) -> None:
    """Once at the start, where others than programs of this machine reach a node that lets in anybody."""
    reached = [str(endpoint) for endpoint in config.listen if from_outside(endpoint)]
    if reached and not config.network.closed:
        get_logger("peerbus.node").warning(
            "this network is open: whoever reaches this node may come in",
            node=config.name,
            network=config.network.name,
            endpoints=reached,
            hint="[network] allow, network_key, or authority and certificate: peerbus explain security#who-may-come-in",
        )


def run(options: argparse.Namespace) -> int:
    """Run it to its end; return the exit status. Raises ConfigError, and PeerbusError where it failed."""
    if options.check and options.harden and (status := _check_hardening(options)):
        return status
    guarded = guard_process() if options.harden and not options.check else ()
    config = _read(options)
    logs.configure(config.log.level, config.log.format)
    log_guarding(guarded)

    identity = load_identity(config)
    if options.check:
        build_node(config, identity, extensions_of(config))  # all that `run` does before it opens a socket
        Terminal().say(f"{options.config} is well\n{check_report(config, identity, known_channels(config))}")
        return 0
    if ignored := ignored_variables(config):
        get_logger("peerbus.node").warning(
            "variables ignored", names=ignored, why="they are no keys of a configuration; --check says more"
        )

    if options.harden:
        _log_hardening(config)
    notifier = Notifier.of_environment(f"{config.name} is up in network {config.network}")

    async def main() -> int:
        if identity:
            get_logger("peerbus.node").info("identity read", source=str(identity.source), why=identity.why)
        node = build_node(config, identity, extensions_of(config))
        _say_if_open(config)
        reload = Reload(node, config, lambda: _read(options))
        asyncio.get_running_loop().call_later(SETTLED, _settle)
        return await serve(node, signals=options.signals, reload=reload, notifier=notifier)

    try:
        return run_loop(main())
    except PeerbusError:
        raise
    except Exception as error:
        # A reactor that cannot be made or started, or that handed its failure on: its traceback goes where the logs go.
        get_logger("peerbus.node").error("the node failed", node=config.name, exc_info=error)
        raise PeerbusError(f"{config.name} failed: {type(error).__name__}: {error}") from error


def _check_hardening(options: argparse.Namespace) -> int:
    return say_missing(options.config, hardened(lambda measures: _loaded(options, measures)).lines())


def _log_hardening(config: NodeConfig) -> None:
    log = get_logger("peerbus.node")
    for one in MEASURES:
        if config.source.origin(one.key) == FLAG:
            log.info("hardened", node=config.name, measure=f"{one.key} = {one.override.text}", why=one.why)
    warn_of_root(node=config.name)


def _settle() -> None:
    """What is there by now stays: the collector need not look at it each time that peers have sent much, 20 ms each."""
    gc.collect()
    gc.freeze()
