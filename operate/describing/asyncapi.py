"""What a node speaks as an AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

# A channel of peerbus is a channel of AsyncAPI. A message that a reactor handles is an operation that receives it; one
# of a channel that the node only talks to, an operation that sends it. What answers it is its reply, in a channel that
# has no address, as an answer goes to whoever asked. What AsyncAPI has no word for begins with `x-peerbus-`.

from __future__ import annotations

from typing import Any

from ...actors.base import ConfigError
from ...actors.messages import UNNAMED
from ...node.schema import SpokenNode
from ...transports.schema import describe
from ...transports.streams import Endpoint
from .message_schemas import Schema, draft_7, schemas_of
from .spoken_channel import SpokenChannel, SpokenMessage, channels_of, told_of

__all__ = ["asyncapi_document"]

VERSION = "3.0.0"
#: MessagePack's.
CONTENT = "application/vnd.msgpack"
_PLACE = "#/components/schemas/{name}"


def asyncapi_document(node: SpokenNode, version: str) -> dict[str, Any]:
    """The document, as JSON has it. `version`: of the program. Raises ConfigError where a message has no form in JSON.

    Channels that stay on their node are not in it: nobody else can speak them.
    """
    channels = [each for each in channels_of(node) if not each.channel.local]
    kinds = _kinds(channels)
    try:
        schemas, classes = schemas_of(list(kinds), _PLACE)
    except ConfigError as error:
        raise ConfigError(f"{node.source}: {error}") from error
    writer = _Writer({kind: draft_7(schema) for kind, schema in zip(kinds, schemas, strict=True)})
    for channel in channels:
        writer.add(channel)
    document: dict[str, Any] = {
        "asyncapi": VERSION,
        "info": {"title": node.name, "version": version, "description": _about(node)},
        "defaultContentType": CONTENT,
        "servers": _servers(node),
        "channels": writer.channels,
        "operations": writer.operations,
        "components": {
            "messages": writer.messages,
            "schemas": {name: draft_7(schema) for name, schema in classes.items()},
        },
        "x-peerbus-network": node.network,
        "x-peerbus-offers": list(node.offers),
        "x-peerbus-requires": [
            {"role": each.role, "at_least": each.at_least, "share": each.share} for each in node.requires
        ],
    }
    return {key: value for key, value in document.items() if value or key in ("info", "channels")}


def _kinds(channels: list[SpokenChannel]) -> dict[Any, None]:
    """Each type that travels, once."""
    kinds: dict[Any, None] = {}
    for channel in channels:
        for message in channel.messages:
            kinds[message.kind] = None
            if message.answer is not UNNAMED:
                kinds[message.answer] = None
    return kinds


def _about(node: SpokenNode) -> str:
    where = f" of the network {node.network!r}" if node.network else ""
    offers = f", offers the roles {', '.join(node.offers)}" if node.offers else ""
    return f"A node{where}{offers}. Payloads are MessagePack; the schemas describe the same fields as JSON."


def _servers(node: SpokenNode) -> dict[str, Any]:
    """Where it listens, as far as that is a place that others can dial."""
    found: dict[str, Any] = {}
    for text in node.listen:
        endpoint = Endpoint.parse(text)
        if endpoint.host and not endpoint.port:
            continue
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        server = {"host": f"{host}:{endpoint.port}" if host else "localhost", "protocol": f"peerbus+{endpoint.scheme}"}
        if endpoint.path:
            server["pathname"] = endpoint.path
        found[f"{endpoint.scheme}-{len(found) + 1}"] = server
    return found


class _Writer:
    """Writes channels down, and what belongs to each. `schemas`: of each type."""

    def __init__(self, schemas: dict[Any, Schema]) -> None:
        self._schemas = schemas
        self.channels: dict[str, Any] = {}
        self.operations: dict[str, Any] = {}
        self.messages: dict[str, Any] = {}

    def add(self, spoken: SpokenChannel) -> None:
        channel, name = spoken.channel, spoken.channel.name
        for number, message in enumerate(spoken.messages, 1):
            told = told_of(message.kind)
            self.messages[f"{name}.{message.name}"] = {
                "name": message.name,
                "title": message.name,
                **({"summary": told.splitlines()[0], "description": told} if told else {}),
                "contentType": CONTENT,
                "payload": self._schemas[message.kind],
                "x-peerbus-number": number,
            }
        self.channels[name] = {
            "address": name,
            **({"description": spoken.about} if spoken.about else {}),
            "messages": {each.name: {"$ref": f"#/components/messages/{name}.{each.name}"} for each in spoken.messages},
            "x-peerbus-schema": describe(channel).schema.hex(),
            "x-peerbus-priority": channel.priority,
            "x-peerbus-timeout": channel.timeout,
            "x-peerbus-window": {"messages": channel.window, "bytes": channel.window_bytes},
            "x-peerbus-max-message": channel.max_message,
        }
        for message in spoken.messages:
            if message.handled:
                self._operation(spoken, message)

    def _operation(self, spoken: SpokenChannel, message: SpokenMessage) -> None:
        name = spoken.channel.name
        told = told_of(message.kind)
        operation: dict[str, Any] = {
            "action": "receive" if spoken.served is not None else "send",
            "channel": {"$ref": f"#/channels/{name}"},
            **({"summary": told.splitlines()[0]} if told else {}),
            "messages": [{"$ref": f"#/channels/{name}/messages/{message.name}"}],
        }
        if message.answer is not UNNAMED:
            operation["reply"] = self._reply(name, message)
        if message.in_items:
            operation["x-peerbus-stream"] = True
        if message.kind in spoken.channel.idempotent:
            operation["x-peerbus-idempotent"] = True
        self.operations[f"{name}.{message.name}"] = operation

    def _reply(self, name: str, message: SpokenMessage) -> dict[str, Any]:
        answers, key = f"{name}.answers", f"{message.name}.answer"
        beside = self.channels.setdefault(
            answers, {"address": None, "description": f"What answers messages of {name}.", "messages": {}}
        )
        beside["messages"][key] = {"$ref": f"#/components/messages/{name}.{key}"}
        what = "One item of the stream that answers" if message.in_items else "What answers"
        self.messages[f"{name}.{key}"] = {
            "name": key,
            "summary": f"{what} a {message.name}.",
            "contentType": CONTENT,
            "payload": self._schemas[message.answer],
        }
        return {
            "channel": {"$ref": f"#/channels/{answers}"},
            "messages": [{"$ref": f"#/channels/{answers}/messages/{key}"}],
        }
