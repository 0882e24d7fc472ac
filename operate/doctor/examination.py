"""One examination: of a configuration, of the node that runs from it, and of this machine."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...actors.base import ConfigError
from ...discovery.peer import PeerOptions
from ...node.config import NodeConfig, Override
from ..api import NodeOverview
from ..client import AdminClient, AdminError, AdminTarget, NodeNotFound, NodeNotReached, find_node
from ..serving import SocketPlace, TcpPlace
from .descriptors import judge_descriptors, needed_descriptors
from .diagnosis import Diagnosis, failed, ok
from .files import LookedAtFiles, look_at_files
from .holders import holder_of, process_at
from .listening import look_at_places
from .multicast import look_at_multicast
from .reaching import look_at_named_peers
from .running import judge_running

__all__ = ["Wanted", "examine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look at: a configuration, with what stands above it, and a node that runs; None: the one of the
    configuration, or the one that runs here. `listen`: seconds for which multicast is listened to;
    `patience`: seconds that the node has to answer each question.
    """

    config: Path | None = None
    overrides: Sequence[Override] = ()
    node: str | None = None
    token: Path | None = None
    authority: Path | None = None
    listen: float = 2.5
    patience: float = 10.0


#: What runs, its process, and what is to be said of it.
_Seen = tuple[NodeOverview | None, int | None, list[Diagnosis]]


async def examine(wanted: Wanted) -> list[Diagnosis]:
    """Look at all of it. Where the configuration cannot be read there is nothing else to look at."""
    files = LookedAtFiles(()) if wanted.config is None else look_at_files(wanted.config, wanted.overrides)
    if wanted.config is not None and files.config is None:
        return list(files.diagnoses)
    running, pid, about_node = await _running(wanted, files.config)
    ours = frozenset(each for each in (files.node_id, running and running.node_id) if each)
    found = await asyncio.gather(
        _places(files.config, pid),
        _named_peers(files),
        _multicast(files.config, running, ours, wanted.listen),
    )
    return [*files.diagnoses, *about_node, *(each for part in found for each in part)]


async def _running(wanted: Wanted, config: NodeConfig | None) -> _Seen:
    """What runs, its process, also where it is silent, and what is to be said of it."""
    needed = needed_descriptors(PeerOptions() if config is None else config.peers.options)
    limit = judge_descriptors(resource.getrlimit(resource.RLIMIT_NOFILE)[0], needed)
    if config is not None and wanted.node is None and not config.admin.enabled:
        return None, None, [ok("node", "admin.enabled = false: one that runs cannot be looked at"), limit]
    said = wanted.node if wanted.node is not None or wanted.config is None else str(wanted.config)
    target: AdminTarget | None = None
    try:
        target = await find_node(said, token=wanted.token, authority=wanted.authority)
        async with AdminClient(target, timeout=wanted.patience) as client:
            seen, connections = await client.node(), await client.connections()
    except ConfigError as error:
        return (
            None,
            None,
            [failed("node", str(error), "mend [admin], or name the node: --node NAME, PATH or URL"), limit],
        )
    except (NodeNotFound, NodeNotReached) as error:
        absent = isinstance(error, NodeNotFound) or error.how == "absent"
        if absent and wanted.node is None:
            return (
                None,
                None,
                [ok("node", f"none is looked at: {error}" if wanted.config is None else "does not run"), limit],
            )
        pid = _silent_process(target) if isinstance(error, NodeNotReached) and error.how == "silent" else None
        advice = "its log says what it does"
        if pid is not None:
            advice += f"; is process {pid} stopped (kill -CONT {pid}), or busy? `py-spy dump --pid {pid}` shows where"
        return None, pid, [failed("node", str(error), advice), limit]
    except AdminError as error:
        return None, None, [failed("node", str(error), "run the doctor of the node's own version"), limit]
    return seen, seen.process.pid, judge_running(seen, connections.values(), needed=needed)


def _silent_process(target: AdminTarget | None) -> int | None:
    """The process of a node that takes connections and does not answer, as far as this machine tells."""
    match target and target.place:
        case SocketPlace(path):
            return process_at(path)
        case TcpPlace(host=host, port=port):
            try:
                holder = holder_of(host, port)
            except ValueError:  # a name
                return None
            return None if holder is None else holder.pid
        case _:
            return None


async def _places(config: NodeConfig | None, running: int | None) -> list[Diagnosis]:
    if config is None:
        return []
    return await look_at_places(config.listen, running)


async def _named_peers(files: LookedAtFiles) -> list[Diagnosis]:
    config = files.config
    if config is None:
        return []
    named = [("peer", endpoint) for endpoint in config.peers.persistent]
    both = [*named, *(("seed", endpoint) for endpoint in config.peers.seeds)]
    return await look_at_named_peers(both, identity=files.identity, rules=files.rules)


async def _multicast(
    config: NodeConfig | None, running: NodeOverview | None, ours: frozenset[str], seconds: float
) -> list[Diagnosis]:
    if config is None:
        return await look_at_multicast(None, None if running is None else running.network, ours, seconds=seconds)
    if not config.discovery.mdns:
        return [ok("mdns", "off, as the configuration says")]
    return await look_at_multicast(config.discovery.interfaces, config.network.name, ours, seconds=seconds)
