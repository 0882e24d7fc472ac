"""What `peerbus run --check` says of a configuration: what it comes to, what is set and where, what was ignored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...actors.base import date_text, nearest
from ...actors.messages import Channel
from ...discovery.finder_kinds import finders_installed
from ...discovery.network import NetworkTalk
from ...discovery.pex import PeerExchange
from ...transports.kinds import schemes_installed
from ..config import PREFIX, NodeConfig, Override, key_text, leaves, notes_on_permissions
from ..identity_source import FoundIdentity
from ..network import view_of_network
from .channel_tuning import notes_on_channels

__all__ = ["check_report", "ignored_variables"]

#: Characters of a value that are shown.
_SHOWN = 60
#: Tables whose values are somebody's own, and may be secrets: their keys are shown.
_OWN = frozenset({"args"})


class _Hidden:
    """Stands for a value that may be a secret."""

    def __str__(self) -> str:
        return "…"


def check_report(config: NodeConfig, found: FoundIdentity | None, channels: Iterable[Channel[Any]]) -> str:
    """The text, of several lines. `channels`: those that the node knows, as they are there."""
    parts = [[f"  {what:<10} {means}" for what, means in _meaning(config, found)]]
    channels = list(channels)
    parts.append([f"  {_channel(channel)}" for channel in channels])
    parts.append([f"  {line}" for line in config.permissions.lines()])
    parts.append([f"  {line}" for line in _rates(config, channels)])
    parts.append([f"  {_value(key, value)}  ({config.source.origin(key)})" for key, value in _set(config)])
    roles = [offer.role for offer in config.offers] + [each.role for each in config.peers.options.requires]
    names = [channel.name for channel in channels] + ([PeerExchange.channel.name] if config.pex.enabled else [])
    names += [NetworkTalk.channel.name] if config.network.closed else []
    certified = config.network.authority is not None
    faults = notes_on_permissions(config.permissions, names, roles, certified=certified)
    parts.append([f"  {note}" for note in notes_on_channels(channels) + faults])
    parts.append([f"  {line}" for line in _installed()])
    parts.append([f"  {line}" for line in _ignored(config)])
    heads = [
        "",
        "channels:",
        "who may what:",
        "how much peers may send:",
        "set, and where:",
        "notes:",
        "carriers and finders:",
        "variables that are no key of a configuration, and ignored:",
    ]
    return "\n".join(
        line for head, lines in zip(heads, parts, strict=True) if lines for line in ([head] if head else []) + lines
    )


def ignored_variables(config: NodeConfig) -> list[str]:
    """Names of variables that look as if they were meant, and are not keys of a configuration."""
    return [each.origin for each in _left_out(config) if not each.of_a_service]


def _meaning(config: NodeConfig, found: FoundIdentity | None) -> Iterator[tuple[str, str]]:
    """What a configuration comes to, key by key; what may be left out is shown only where it is set."""
    finders = []
    if config.discovery.mdns:
        finders.append(f"mDNS on {_listed(config.discovery.interfaces or ('all interfaces',))}")
    finders += config.discovery.finders
    if config.pex.enabled:
        finders.append("peer exchange")
    peers = config.peers
    yield "node", f"{config.name} in network {config.network}"
    yield "id", found.identity.node_id if found else "a new one at each start (no identity is set)"
    if found:
        yield "key", f"{found.source}: {found.why}"
    yield from _admission(config, found)
    yield "book", str(config.book or "none (what is known of peers is forgotten at the end)")
    yield "listens", _listed(config.listen) or "nowhere: it dials, nobody can dial it"
    if config.advertise:
        yield "advertises", _listed(config.advertise)
    yield "offers", _listed(config.offers) or "nothing"
    yield "reactors", _listed(reactor.path for reactor in config.reactors) or "none"
    if talks := [channel.path for channel in config.channels if channel.path]:
        yield "talks to", _listed(talks)
    yield "finds by", _listed(finders) or "nothing: it knows the peers that are named, and those that come"
    nobody = "none that it insists on" if peers.seeds else "none (no endpoint is named)"
    yield "peers", _listed(peers.persistent) or nobody
    if peers.seeds:
        yield "seeds", _listed(peers.seeds)
    if peers.options.banned:
        yield "bans", _listed(sorted(peers.options.banned))
    if peers.options.requires:
        yield "requires", _listed(peers.options.requires)


def _admission(config: NodeConfig, found: FoundIdentity | None) -> Iterator[tuple[str, str]]:
    """Who may come in, rule by rule."""
    network = config.network
    if not network.closed:
        yield "lets in", "anybody: the network is open"
        return
    view = view_of_network(network, network.rules(found.identity.node_id if found else ""))
    if view.allow is not None:
        yield "lets in", f"the nodes of a list of {len(view.allow)}"
    if view.keys:
        more = f", and takes {_listed(view.keys[1:])} as well" if view.keys[1:] else ""
        yield "lets in", f"who has the key of the network: this node proves {view.keys[0]}{more}"
    for each in view.authorities:
        gone = f", which has revoked {each.revoked} certificates" if each.revoked else ""
        yield "lets in", f"members of {each.name}{gone}"
    if view.certificate is not None:
        roles = f", with the roles {_listed(view.certificate.roles)}" if view.certificate.roles else ""
        yield "member", f"by the certificate {view.certificate.serial}, until {date_text(view.certificate.ends)}{roles}"


def _rates(config: NodeConfig, channels: Iterable[Channel[Any]]) -> Iterator[str]:
    yield from config.rates.lines()
    for channel in channels:
        if channel.rate is not None and channel.name not in config.rates.channels:
            yield f"each peer on {channel.name}: {channel.rate} (its code)"


def _channel(channel: Channel[Any]) -> str:
    return (
        f"{channel.name}: priority {channel.priority}, window {channel.window} ({channel.window_bytes} bytes), "
        f"mailbox {channel.mailbox} ({channel.mailbox_bytes} bytes), overflow {channel.overflow.value}, "
        f"timeout {channel.timeout:g} s, max_message {channel.max_message}, max_elements {channel.max_elements}, "
        f"compress {channel.compress or 'none'}"
        f"{', stays on this node' if channel.local else ''}"
    )


def _installed() -> Iterator[str]:
    """What endpoints and finders can be configured here, and what to install for others."""
    for what, found in (("carrier", schemes_installed()), ("finder", finders_installed())):
        for each in found:
            by = f" (of {each.by})" if each.by != "peerbus" else ""
            lacks = f": not installed, {each.missing}" if each.missing else ""
            yield f"{what} {each.name}{by}" + (": none of them is taken, keep one" if each.clash else lacks)


def _set(config: NodeConfig) -> Iterator[tuple[str, object]]:
    """Each key that is set and is one of a configuration, with its value."""
    ignored = {each.key for each in config.source.ignored}
    for key, value in leaves(dict(config.values)):
        if key in ignored:
            continue
        if key == ("reactors",) and isinstance(value, list):
            for index, entry in enumerate(value):
                for more, leaf in leaves(entry) if isinstance(entry, dict) else [((), entry)]:
                    shown = _Hidden() if _OWN.intersection(more) else leaf
                    yield ".".join(filter(None, (f"reactors[{index}]", key_text(more)))), shown
        else:
            yield key_text(key), value


def _value(key: str, value: object) -> str:
    text = _toml(value)
    return f"{key} = {text if len(text) <= _SHOWN else f'{text[: _SHOWN - 1]}…'}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{_listed(map(_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {_listed(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    return str(value)


def _ignored(config: NodeConfig) -> Iterator[str]:
    for each in _left_out(config):
        if each.of_a_service:
            yield f"{each.origin} (as containers are told of a service)"
        else:
            close = nearest(each.name, config.source.known, alike=0.8)
            meant = f"; did you mean {PREFIX}{close.upper().replace('.', '__')}?" if close else ""
            yield f"{each.origin}{meant}"


def _left_out(config: NodeConfig) -> list[Override]:
    """One for each variable, but for that which has the key."""
    names = {each.origin: each for each in config.source.ignored}
    if config.identity is not None and config.identity.kind == "env":
        names.pop(config.identity.name, None)
    return list(names.values())


def _listed(items: Iterable[object]) -> str:
    return ", ".join(str(item) for item in items)
