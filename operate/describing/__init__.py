"""What a node speaks, written down: as AsyncAPI, as JSON Schemas, as a page, as a drawing."""

from __future__ import annotations

from .asyncapi import asyncapi_document
from .dot import dot_drawing
from .json_schema import json_schemas
from .markdown import markdown_page

__all__ = ["asyncapi_document", "dot_drawing", "json_schemas", "markdown_page"]
