"""Every limit on what others may make a node do: its value and its reason, as the code has them, for docs/limits.md."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from source_tree import MODULES

__all__ = ["LIMITS", "PAGE", "Limit", "current_page", "public_limits"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "limits.md"
#: Names that look as if what they stand for were a limit.
_LOOKS_SO = re.compile(r"(MAX|MOST|FEWEST)_\w+|\w+_(LIMIT|BUDGET|TIMEOUT|A_SECOND|AT_ONCE)")


@dataclass(frozen=True)
class Limit:
    """One constant: `what` it bounds, its `unit` (bytes, seconds, a second, none), the `key` that an operator sets."""

    module: str
    name: str
    what: str
    unit: str = ""
    key: str = ""

    @property
    def value(self) -> str:
        """As the code has it."""
        value = getattr(importlib.import_module(f"peerbus.{self.module}"), self.name)
        if self.name == "MAX_STARTUPS":
            start, chance, full = value
            return f"{start}, then dropped by a chance from {chance:g}, {full} at most"
        number = value[0] if isinstance(value, tuple) else value
        return _written(number, self.unit)

    @property
    def reason(self) -> str:
        """What stands above it in the code."""
        return reason_of(self.module, self.name)

    def row(self) -> str:
        """As a row of the table."""
        key = f"<br>`{self.key}`" if self.key else ""
        return f"| {self.what} | {self.value}{key} | {self.reason} | `{self.module}.{self.name}` |"


def _written(number: float, unit: str) -> str:
    if unit == "bytes":
        for size, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
            if number >= size and not number * 10 % size:
                return f"{number / size:g} {name}"
        return f"{number:,} bytes"
    text = f"{number:,}" if isinstance(number, int) else f"{number:,g}"
    return f"{text} s" if unit == "seconds" else f"{text} {unit}".strip()


def reason_of(module: str, name: str) -> str:
    """The comment above a constant, as one line; raises LookupError where there is none."""
    found = MODULES[module]
    lines = found.path.read_text(encoding="utf-8").splitlines()
    for number, names in _assigned(found.tree):
        if name not in names:
            continue
        last = number - 1
        while lines[last - 1] and not lines[last - 1].startswith("#"):
            last -= 1  # of several that stand together, the first has the comment
        first = last
        while lines[first - 1].startswith("#:"):
            first -= 1
        if first < last:
            text = " ".join(line.removeprefix("#:").strip() for line in lines[first:last])
            return text.replace("|", "\\|")
    raise LookupError(f"{module}.{name} says no reason above it")


def public_limits(floors: tuple[str, ...]) -> set[str]:
    """Constants of those floors that look like limits, as `module.NAME`."""
    return {
        f"{name}.{each}"
        for name, module in MODULES.items()
        if module.floor in floors
        for _, names in _assigned(module.tree)
        for each in names
        if _LOOKS_SO.fullmatch(each) and not each.startswith("_")
    }


def _assigned(tree: ast.Module) -> Iterator[tuple[int, list[str]]]:
    """The line and the names of each assignment of a module."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        each = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
        yield node.lineno, [one.id for one in each if isinstance(one, ast.Name)]


LIMITS: dict[str, tuple[Limit, ...]] = {
    "before": (
        Limit("transports.streams.startups", "MAX_STARTUPS", "connections that have spoken and are not judged yet"),
        Limit("transports.streams.startups", "MAX_SILENT", "connections that have said nothing yet"),
        Limit("transports.streams.startups", "RESERVE", "places beside, for known good peers"),
        Limit("transports.streams.startups", "MAX_UNJUDGED", "all of these together"),
        Limit("transports.streams.startups", "AT_ONCE", "handshakes under way"),
        Limit("transports.streams.startups", "PER_SECOND", "handshakes that begin", "a second"),
        Limit(
            "transports.streams.transport",
            "MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND",
            "connections of one address (IPv6: of one /64)",
            "a second",
            "limits.arrivals_per_address",
        ),
        Limit("transports.streams.transport", "HANDSHAKE_TIMEOUT", "each of TLS and the first exchange", "seconds"),
        Limit("transports.wire.frames", "HANDSHAKE_FRAME_LIMIT", "a frame of the first exchange", "bytes"),
        Limit("transports.wire.hello", "MAX_CHANNELS", "channels that a peer declares"),
        Limit("transports.wire.hello", "MAX_ENDPOINTS", "endpoints that a peer says it has"),
        Limit("transports.wire.hello", "MAX_OFFERS", "roles that a peer offers"),
        Limit("transports.wire.hello", "MAX_FEATURES", "words of what a peer understands beyond the version"),
        Limit("transports.wire.hello", "MAX_TYPES", "types of messages of one channel of a peer"),
        Limit("transports.wire.hello", "MAX_TYPE_NAME", "name of a type of messages", "characters"),
        Limit("transports.wire.hello", "MAX_NAME", "name of a node or a program", "characters"),
        Limit("transports.wire.hello", "MAX_TEXT", "endpoint or role in a handshake", "characters"),
        Limit("transports.wire.hello", "RECORD_LIMIT", "a signed record", "bytes"),
        Limit("transports.wire.frames", "REFERRED", "records in one refusal that are heard"),
        Limit("transports.schema.description", "DESCRIPTION_LIMIT", "the description of a channel", "bytes"),
        Limit("transports.wire.codecs", "READ", "the description of a channel, as far as a peer's is read", "bytes"),
        Limit("transports.schema.description", "MAX_MESSAGES", "messages of a channel that is described"),
        Limit("transports.schema.compatibility", "STEPS", "steps of comparing a peer's description with the node's"),
        Limit("transports.wire.frames", "DESCRIBE_LIMIT", "descriptions that are asked for at once"),
        Limit("transports.wire.codecs", "MAX_JUDGED", "verdicts about descriptions that are kept"),
        Limit("transports.wire.codecs", "MOST_JUDGED", "memory for all of these", "bytes"),
        Limit("transports.streams.tls_session", "IDLE_RECORDS", "TLS records that carry nothing (KeyUpdate)"),
        Limit("transports.streams.tls_session", "HANDSHAKE_BYTES", "a handshake of TLS", "bytes"),
        Limit("transports.streams.tls_turns", "SLICE", "TLS records of strangers, and of bursts, in one turn"),
        Limit("transports.streams.startups", "MAX_SOURCES", "sources whose penalties are kept"),
        Limit("transports.admission.certificate", "MAX_CERTIFICATE", "a certificate of a private authority", "bytes"),
        Limit("transports.admission.revocations", "MAX_LIST", "what one authority has revoked", "bytes"),
        Limit("transports.streams.authority", "MAX_TERMS", "roles, and attributes, of one certificate"),
        Limit("transports.streams.authority", "MAX_VALUE", "the value of an attribute", "characters"),
    ),
    "peer": (
        Limit("transports.wire.frames", "FRAME_LIMIT", "a frame", "bytes"),
        Limit(
            "transports.connection.frame_reader", "FRAME_TIMEOUT", "from a frame's first byte to its last", "seconds"
        ),
        Limit("transports.wire.parts", "BODY_TIMEOUT", "between two parts of a body", "seconds"),
        Limit("transports.wire.parts", "REASSEMBLY_BUDGET", "bodies in parts of one connection", "bytes"),
        Limit("actors.messages.channel", "HARD_MAX_MESSAGE", "a message, on any channel", "bytes"),
        Limit("actors.messages.channel", "DEFAULT_MAX_MESSAGE", "a message", "bytes", "channels.NAME.max_message"),
        Limit(
            "actors.messages.channel", "DEFAULT_WINDOW", "messages of one peer under way", "", "channels.NAME.window"
        ),
        Limit(
            "actors.messages.channel",
            "DEFAULT_WINDOW_BYTES",
            "the same in bytes",
            "bytes",
            "channels.NAME.window_bytes",
        ),
        Limit(
            "transports.lanes.window_tuning",
            "NODE_BUDGET",
            "by which all windows may grow, within two thirds of `limits.peer_memory`",
            "bytes",
        ),
        Limit("transports.lanes.item_growth", "MOST_TIMES", "by which the window of a stream may grow", "times"),
        Limit("actors.messages.channel", "DEFAULT_MAILBOX", "messages in a mailbox", "", "channels.NAME.mailbox"),
        Limit(
            "actors.messages.channel",
            "DEFAULT_MAILBOX_BYTES",
            "the same in bytes",
            "bytes",
            "channels.NAME.mailbox_bytes",
        ),
        Limit(
            "transports.connection.peer_memory", "PEER_MEMORY", "memory for all that peers make a node hold", "bytes"
        ),
        Limit(
            "transports.connection.peer_memory",
            "PROVEN",
            "time until a peer that came counts as one that was here",
            "s",
        ),
        Limit("transports.compression.expander", "RATIO", "bytes that one compressed byte stands for"),
        Limit(
            "transports.compression.pool",
            "COMPRESSION_MEMORY",
            "memory for all that this node compresses, of what `limits.peer_memory` leaves",
            "bytes",
        ),
        Limit(
            "actors.messages.channel", "DEFAULT_MAX_ELEMENTS", "values in one message", "", "channels.NAME.max_elements"
        ),
        Limit("actors.messages.answer_encoding", "MAX_PLAIN_ELEMENTS", "elements of one list in a plain answer"),
        Limit("actors.messages.unkeyed_hashes", "MAX_NUMBERS", "entries of a map with numbers as keys"),
        Limit("actors.messages.unkeyed_hashes", "MAX_OTHERS", "the same with other keys"),
        Limit("transports.wire.frames", "BATCH_LIMIT", "messages in one frame"),
        Limit("transports.connection.read_turns", "SLICE", "of one turn for one peer's frames", "seconds"),
        Limit("transports.wire.pieces", "UNDIVIDED", "a frame of several messages that is taken at once", "bytes"),
        Limit("transports.receiving.served_asks", "REPLY_LIMIT", "answers that a peer does not read", "bytes"),
        Limit("transports.lanes.stream_limit", "MAX_STREAMS", "streams of one peer on one channel"),
        Limit("transports.connection.connection", "UNREAD_LIMIT", "control frames that it does not read", "bytes"),
        Limit("transports.receiving.served_asks", "UNWANTED_LIMIT", "asks given up whose answers wait"),
        Limit("transports.wire.frame_decoder", "SKIPPED_LIMIT", "frames of unknown kinds between two heartbeats"),
        Limit("transports.wire.texts", "TEXT_LIMIT", "a text for people", "bytes"),
        Limit("transports.wire.texts", "WORD_LIMIT", "a word for programs", "bytes"),
        Limit("transports.wire.traces", "TRACES_LIMIT", "traces of a frame", "bytes"),
        Limit("transports.wire.traces", "TRACESTATE_LIMIT", "what others have added to one of them", "bytes"),
        Limit("transports.wire.frames", "PATH_LIMIT", "actors in one probe"),
        Limit("transports.rules.peer_rules", "MAX_GONE", "peers that are gone whose rates are remembered"),
        Limit("actors.sends.deadlock", "MAX_PASSED", "probes of one peer that go on", "a second"),
        Limit("transports.connection.farewell", "LONGEST_GOODBYE", "a goodbye, whatever the peer says", "seconds"),
        Limit("transports.connection.farewell", "GOODBYE_TIMEOUT", "a goodbye with nothing under way", "seconds"),
    ),
    "NATS": (
        Limit("transports.nats.client_protocol", "MAX_LINE", "a line of a server", "bytes"),
        Limit("transports.nats.client_protocol", "MAX_MESSAGE", "a message", "bytes"),
        Limit("transports.nats.server_link", "MAX_STREAMS", "streams over one connection to a server"),
        Limit("transports.nats.server_link", "MOST_FOR_ONE", "bytes of a stream that is not read yet", "bytes"),
        Limit("transports.nats.server_connection", "MOST_IDLE", "lines that carry nothing", "in a turn of the loop"),
        Limit("transports.nats.presence", "MOST_HEARD", "inboxes of others"),
        Limit("transports.nats.nats_transport", "CONNECT_TIMEOUT", "for a server to let a node in", "seconds"),
    ),
    "libp2p": (
        Limit("transports.libp2p.upgrade", "MAX_HANDSHAKE", "a message of the handshake", "bytes"),
        Limit("transports.libp2p.noise", "MAX_MESSAGE", "a sealed message", "bytes"),
        Limit("transports.libp2p.connection", "MOST_BARE", "frames of yamux that carry nothing", "in one read"),
        Limit("transports.libp2p.multistream", "MAX_LINE", "a line of multistream", "bytes"),
        Limit("transports.libp2p.multistream", "MAX_TRIES", "protocols that are named in vain"),
        Limit("transports.libp2p.yamux", "MAX_STREAMS", "streams that the other side has open"),
        Limit("transports.libp2p.connection", "MAX_CONTROL", "answers that it does not read", "bytes"),
        Limit("transports.libp2p.services", "MOST_ECHO", "pings of one stream that it does not read", "bytes"),
        Limit("transports.libp2p.identify", "MAX_IDENTIFY", "what it says of itself", "bytes"),
        Limit("transports.libp2p.yamux_frames", "FIRST_WINDOW", "bytes of a stream that is not read yet", "bytes"),
        Limit("transports.libp2p.idle_traffic", "IDLE_BYTES", "messages and frames that carry nothing", "bytes"),
    ),
    "discovery": (
        Limit("discovery.pex.pex", "MAX_RECORDS", "records in one answer of peer exchange"),
        Limit("discovery.pex.pex", "MAX_ANSWER_BYTES", "the same in bytes", "bytes"),
        Limit("discovery.pex.exchange", "CHECKED_AT_ONCE", "records that are checked in one turn"),
        Limit("discovery.shell.referrals", "MOST_BYTES", "records in one refusal that is sent", "bytes"),
        Limit("discovery.shell.referrals", "REFUSALS_A_SECOND", "refusals with records", "a second"),
        Limit("discovery.pex.neighbour", "REQUEST_TOKENS", "requests of one neighbour at once"),
        Limit("discovery.pex.neighbour", "RECORD_TOKENS", "new records that one peer shows of itself at once"),
        Limit("discovery.records.record", "MAX_LIFETIME", "for which a record is good", "seconds"),
        Limit("discovery.records.record", "MAX_SKEW", "by which two clocks may differ", "seconds"),
        Limit("discovery.records.own_record", "MAX_ENDPOINTS", "endpoints of one record"),
        Limit("discovery.peer.addresses", "MAX_ADDRESSES", "addresses of one peer"),
        Limit("discovery.peer.addresses", "MAX_SOURCES", "who vouches for one address"),
        Limit("discovery.mind.dial_targets", "A_PLACE", "first dials of one place that others told of", "a minute"),
        Limit("discovery.mind.dial_targets", "MOST_TARGETS", "places that are counted so"),
        Limit("discovery.mind.admission", "MAX_CONNECTIONS", "connections with one peer"),
        Limit("discovery.peer.options", "DIALS_A_MINUTE", "dials to ordinary peers", "a minute"),
        Limit("discovery.mind.peer_store", "TELLER_SHARE", "of what is known, one peer's word fills at most a part of"),
        Limit("discovery.mind.peer_store", "MOST_TOLD", "the same where what is known has no limit"),
        Limit("discovery.mind.said_places", "MOST_OF_A_SOURCE", "places of one finder that name no node"),
        Limit("discovery.dns.question", "MOST_ALIASES", "names that a name of DNS stands for, one after the other"),
        Limit("discovery.dns.short_answers", "MOST_RECORDS", "records of a name server's answer that are read"),
        Limit("discovery.dns.short_answers", "MOST_LABELS", "labels of names in these"),
        Limit("discovery.dns.short_answers", "MOST_DATA", "what one of them says", "bytes"),
        Limit("discovery.mdns.heard_from", "MAX_TRACKED", "nodes that are followed by multicast DNS"),
        Limit("discovery.mdns.heard_from", "NAMES_OF_ONE", "of these, said by one machine"),
        Limit("discovery.mdns.heard_from", "PACKETS_A_SECOND", "packets of one machine that are read", "a second"),
        Limit("discovery.mdns.heard_from", "MAX_MACHINES", "machines whose packets are counted"),
        Limit("discovery.mdns.hearing", "MOST_NODES", "nodes of one address that `peerbus doctor` notes"),
        Limit("discovery.mdns.other_networks", "MAX_OTHERS", "other networks that are named"),
        Limit("discovery.mdns.service_record", "MAX_ROLES", "roles of one record of multicast DNS"),
        Limit("discovery.mdns.mdns", "MAX_LOOKUPS", "look-ups by multicast DNS under way"),
        Limit("transports.streams.names", "MAX_THREADS", "look-ups of names under way"),
        Limit("transports.streams.names", "MAX_THREADS_OF_FAILED", "of these, of names that failed before"),
        Limit("transports.streams.names", "MOST_THREADS", "the same, with those that hang"),
        Limit("transports.streams.names", "MAX_NAMES", "names that wait, and that are remembered"),
        Limit("transports.streams.names", "MAX_ADDRESSES", "addresses of one name"),
        Limit("discovery.shell.whereabouts", "MOST_PLACES", "places of one name that one dial tries"),
        Limit("discovery.shell.whereabouts", "MOST_REMEMBERED", "places of names that are remembered"),
        Limit("discovery.folder.folder_finder", "MOST_FILES", "files of a folder of nodes that are read in one look"),
        Limit("discovery.folder.folder_finder", "MOST_NAMES", "files of it whose owners are asked for in one look"),
        Limit("discovery.folder.node_file", "MAX_FILE", "one of them", "bytes"),
        Limit("discovery.folder.node_file", "MAX_ROLES", "roles of it"),
        Limit("discovery.facts.bans", "MAX_BANS", "bans of the operator, and as many automatic ones"),
        Limit("discovery.book.sqlite_book", "MAX_PINS", "pinned addresses"),
        Limit("discovery.book.sqlite_book", "MAX_FOREIGN", "places of unknown schemes that it keeps of a peer"),
        Limit("transports.streams.path_size", "MOST_PLACES", "machines with a narrow path"),
    ),
    "log": (
        Limit("actors.base.log_pace", "LINES", "lines of one event and one node", "a second"),
        Limit(
            "actors.base.log_pace",
            "LINES_OF_ALL",
            "lines of all events of one node",
            "a second; 2 of each event always",
        ),
        Limit("discovery.shell.repeats", "MOST_TEXT", "kept of the last failure to meet anybody", "characters"),
        Limit("discovery.shell.repeats", "MOST_LINES", "lines about failed dials and refusals", "a second"),
        Limit("discovery.shell.repeats", "MOST_REASONS", "reasons of one thing that are told"),
        Limit("discovery.shell.repeats", "MOST_THINGS", "things whose failures are remembered"),
        Limit("discovery.shell.repeats", "MOST_TEXT", "characters of a failure that are kept"),
        Limit("discovery.mind.reasons", "MAX_REASONS", "reasons that are counted apart"),
        Limit("actors.base.outside_text", "MAX_CHAIN", "errors of one chain that are shown"),
        Limit("operate.serving.sessions", "MOST", "browsers that are let in"),
        Limit("operate.admin.sending", "MOST_PATIENCE", "a send by the admin API", "seconds"),
    ),
}


def current_page(text: str) -> str:
    """The page with its tables as the code has them."""
    for section, limits in LIMITS.items():
        head = "| what is bounded | bound | why | in the code |\n| --- | --- | --- | --- |\n"
        table = head + "\n".join(limit.row() for limit in limits)
        place = rf"(<!-- limits: {section} -->\n).*?(\n<!-- end -->)"
        text, count = re.subn(place, lambda found, table=table: f"{found[1]}{table}{found[2]}", text, flags=re.DOTALL)  # type: ignore[misc]
        assert count == 1, f"no place for the limits of {section!r}"
    return text
