"""`peerbus worker`: a process of a node that runs elsewhere, as in another container, until it is told to stop."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ...actors.base import ConfigError
from ...node import logs
from ...node.config import WorkerConfig, load_worker_config
from ...node.process import guard_process
from ...node.workers import CalledNode, keep_calling
from ...transports.streams import Identity
from .guarded import guards_said, log_guarding, not_hardened, say_missing, warn_of_root
from .settings import add_settings, settings_said
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

_EPILOG = """\
The configuration says who the worker is and whom it works for; what it runs, its node says, whose modules have to be
installed here too:

  name = "crunch"
  node = "unix:///shared/crunch.sock"     # or over TCP, with the id of the node's key:
                                          # node = "tcp://<peerbus id alice.key>@alice:7450"
  identity = "crunch.key"                 # over TCP: peerbus keygen crunch.key

The node's configuration awaits it:

  [processes.crunch]
  reactors = ["jobs:Hash"]
  listen = "unix:///shared/crunch.sock"   # or "tcp://0.0.0.0:7450", with the id of the worker's key:
                                          # worker_id = "<peerbus id crunch.key>"

It calls until its node is there, works for it, begins anew where it was killed, and calls again where the node has
gone. The first SIGTERM or Ctrl-C ends it in order: what is under way is done, and what is sent meanwhile waits for the
next one. A second one ends it at once. peerbus explain deploy has it in containers.

--harden is for a worker that runs where others do. It gives up for the process:
{guards}
and starts only where its node is named, or the system says whose process answers, and where no other user can write
the configuration, or what Python imports. --check --harden says what of that is missing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `peerbus worker`."""
    parser.epilog = _EPILOG.format(guards=guards_said())
    parser.add_argument("config", metavar="CONFIG.toml", type=Path, help="the worker's own configuration")
    add_settings(parser)
    parser.add_argument("--check", action="store_true", help="read everything, say what it is, call nobody")
    parser.add_argument(
        "--harden", action="store_true", help="give up what others could use, and start only where nothing is missing"
    )


def run(options: argparse.Namespace) -> int:
    """Run it to its end; return the exit status. Raises ConfigError."""
    config = _read(options)
    missing = _missing(config) if options.harden else []
    if options.check and (status := say_missing(options.config, missing)):
        return status
    if missing:
        raise not_hardened(missing)
    guarded = guard_process() if options.harden and not options.check else ()
    identity = _identity(config)
    if options.check:
        key = "it shows no key" if identity is None else f"its key is {identity.node_id}"
        Terminal().say(f"{options.config} is well\n  worker {config.name} of the node at {config.node}; {key}")
        return 0
    logs.configure(config.level, config.format)
    log_guarding(guarded)
    if options.harden:
        warn_of_root(worker=config.name)
    return keep_calling(CalledNode(config.name, config.node, identity))


def _missing(config: WorkerConfig) -> list[str]:
    from ...node.run import missing_lines, missing_of_worker  # it takes all of a node, which a worker is not

    return missing_lines(config.source, missing_of_worker(config))


def _read(options: argparse.Namespace) -> WorkerConfig:
    overrides = settings_said(options)
    config = load_worker_config(options.config, overrides)
    if options.log_level:
        config = replace(config, level=options.log_level)
    if options.json_logs:
        config = replace(config, format="json")
    return config


def _identity(config: WorkerConfig) -> Identity | None:
    if config.identity is None:
        return None
    try:
        return config.identity.read().identity
    except ConfigError as error:
        raise config.source.error("identity", str(error)) from None
