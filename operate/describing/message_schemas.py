"""JSON Schemas (2020-12) of messages: of their form in JSON, in which `peerbus ask` takes and prints them."""

# Law. On the wire it is MessagePack, docs/wire.md; what JSON has not is here what its text is: bytes are base64, times
#      and UUIDs are text. So a schema says what the fields are, and not what their bytes are.

from __future__ import annotations

from collections.abc import Sequence
from enum import Flag
from typing import Any

import msgspec
from msgspec import inspect

from ...actors.base import ConfigError
from ...actors.messages import Address, Destination

__all__ = ["DIALECT", "Schema", "draft_7", "schema_of", "schemas_of"]

#: A JSON Schema, or a part of one.
Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas_of(kinds: Sequence[Any], place: str) -> tuple[list[Schema], dict[str, Schema]]:
    """The schema of each type, and those of the classes in them, by name. `place`: where these are, `#/$defs/{name}`.

    Raises ConfigError for a type that JSON has no form for.
    """
    try:
        schemas, classes = msgspec.json.schema_components(kinds, schema_hook=_own, ref_template=place)
    except (TypeError, NotImplementedError) as error:
        if len(kinds) == 1:
            name = getattr(kinds[0], "__name__", str(kinds[0]))
            raise ConfigError(f"{name} has no form in JSON: {error}") from error
        for kind in kinds:  # for the name of the one that has none
            schemas_of([kind], place)
        raise ConfigError(f"there is no JSON Schema: {error}") from error
    found = {name: dict(each) for name, each in classes.items()}
    for flag in _flags(kinds):
        for each in found.values():
            if each.get("title") == flag.__name__ and each.pop("enum", None) is not None:
                each.update(type="integer", minimum=0)  # members add up, and what is listed are single ones
    return [dict(each) for each in schemas], found


def schema_of(kind: Any) -> Schema:
    """The schema of one type, which needs nothing beside it. Raises ConfigError."""
    (schema,), classes = schemas_of([kind], "#/$defs/{name}")
    return {"$schema": DIALECT, **schema, **({"$defs": classes} if classes else {})}


def _flags(kinds: Sequence[Any]) -> set[type[Flag]]:
    """The flags in these types, and in their fields."""
    found: set[type[Flag]] = set()
    seen: set[int] = set()

    def look(value: object) -> None:
        if isinstance(value, tuple):
            for each in value:
                look(each)
        elif isinstance(value, inspect.Type | inspect.Field) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, inspect.EnumType) and issubclass(value.cls, Flag):
                found.add(value.cls)
            for name in value.__struct_fields__:
                look(getattr(value, name))

    infos = inspect.multi_type_info(kinds)  # kept, as their ids are compared
    look(tuple(infos))
    return found


def _own(kind: type) -> Schema:
    if kind in (Address, Destination) or getattr(kind, "__origin__", None) in (Address, Destination):
        return {"type": "string", "description": "an address: bus://<node id>/channel, bus://role:archive/channel"}
    raise NotImplementedError(f"{kind!r} has no form in JSON")


def draft_7(schema: Any) -> Any:
    """The same in the words of draft 7, which AsyncAPI's own schemas are written in."""
    if isinstance(schema, list):
        return [draft_7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if key == "discriminator":  # of OpenAPI; the tag's own field says the same
            continue
        if key == "prefixItems":
            found["items"] = draft_7(value)
            found["additionalItems"] = False
        elif key == "items" and "prefixItems" in schema:
            continue
        elif key in _OF_VALUES:
            found[key] = value
        elif key in _OF_NAMES:
            found[key] = {name: draft_7(each) for name, each in value.items()}
        else:
            found[key] = draft_7(value)
    return found


#: What holds values, and not schemas; and what holds schemas by names that are no words of JSON Schema.
_OF_VALUES = frozenset({"default", "enum", "const", "examples"})
_OF_NAMES = frozenset({"properties", "patternProperties", "$defs", "definitions"})
