"""`peerbus describe`: what a node speaks, for people and for tools."""

from __future__ import annotations

import argparse
import json

from ...actors.base import ConfigError
from ...node.schema import SpokenNode, spoken_by
from ..describing import asyncapi_document, dot_drawing, json_schemas, markdown_page
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

FORMATS = ("markdown", "asyncapi", "json-schema", "dot")
_EPILOG = """\
A SOURCE is a configuration, alice.toml; or module:Name, looked for in the working directory and among the installed
packages: a Node, a function without arguments that returns one, a reactor or a channel. Its program is imported, and
nothing is started.

formats:
  markdown     a page: channels, messages with their fields, what answers them, who sends what
  asyncapi     AsyncAPI 3.0.0, as JSON: channels, operations with their replies, schemas
  json-schema  JSON Schema 2020-12 of each message and each answer, as `peerbus ask` takes and prints them
  dot          for Graphviz: channels, and who sends to whom, over all sources

examples:
  peerbus describe alice.toml
  peerbus describe --format asyncapi alice.toml > asyncapi.json
  peerbus describe --format json-schema blocks:Blocks
  peerbus describe --format dot alice.toml bob.toml | dot -Tsvg > cluster.svg

What is sent to whom is read from the source of reactors: sends whose address stands there, `Role("archive") / Blocks`.
The form on the wire, and whether an old program understands a new one: peerbus schema.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words and flags of `peerbus describe`."""
    parser.epilog = _EPILOG
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="a configuration (.toml), or module:Name")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="(default: %(default)s)")
    parser.add_argument(
        "--program-version", metavar="VERSION", default="0.0.0", help="of the program, for asyncapi (default: 0.0.0)"
    )


def run(options: argparse.Namespace) -> int:
    """Print it; return the exit status. Raises ConfigError for what is no source, and what cannot be described."""
    if options.format == "asyncapi" and len(options.sources) > 1:
        raise ConfigError(f"an AsyncAPI document is of one node, and {len(options.sources)} are named; write one")
    nodes = [spoken_by(source) for source in options.sources]
    Terminal().say(_written(nodes, options).rstrip("\n"))
    return 0


def _written(nodes: list[SpokenNode], options: argparse.Namespace) -> str:
    match options.format:
        case "asyncapi":
            return _json(asyncapi_document(nodes[0], options.program_version))
        case "json-schema":
            return _json(json_schemas(nodes))
        case "dot":
            return dot_drawing(nodes)
        case _:
            return markdown_page(nodes)


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
