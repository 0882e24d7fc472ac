"""What a node speaks as JSON Schemas: one for each message, and for what answers it, each whole in itself."""

from __future__ import annotations

from typing import Any

from ...actors.base import ConfigError
from ...actors.messages import UNNAMED
from ...node.schema import SpokenNode
from .message_schemas import Schema, schema_of
from .spoken_channel import channels_of, told_of

__all__ = ["json_schemas"]


def json_schemas(nodes: list[SpokenNode]) -> dict[str, Any]:
    """`{"channels": {channel: {"messages": {name: schema}, "answers": {name: schema}}}}`. Raises ConfigError.

    An answer stands under the message that it answers; of a stream it is one item. Channels that stay on their node are
    not in it.
    """
    channels: dict[str, Any] = {}
    for node in nodes:
        for spoken in channels_of(node):
            channel = spoken.channel
            if channel.local or channel.name in channels:
                continue
            messages: dict[str, Schema] = {}
            answers: dict[str, Schema] = {}
            try:
                for each in spoken.messages:
                    messages[each.name] = _titled(each.name, told_of(each.kind), schema_of(each.kind))
                    if each.answer is not UNNAMED:
                        answers[each.name] = schema_of(each.answer)
            except ConfigError as error:
                raise ConfigError(f"{node.source}: channel {channel.name!r}: {error}") from error
            channels[channel.name] = {"messages": messages, "answers": answers}
    return {"channels": dict(sorted(channels.items()))}


def _titled(name: str, told: str, schema: Schema) -> Schema:
    head: Schema = {"$schema": schema["$schema"], "title": name}
    if told:
        head["description"] = told
    return {**head, **schema}
