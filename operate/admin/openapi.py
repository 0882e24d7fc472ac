"""The OpenAPI 3.1 document of the API, made of its table of routes: the same types that it reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ... import __version__
from ..api import Failure
from .route import ApiRoute

__all__ = ["document"]

_REF = "#/components/schemas/{name}"


def document(routes: Sequence[ApiRoute]) -> dict[str, object]:
    """The document, as plain values."""
    kinds = list(dict.fromkeys(kind for route in routes for kind in (route.answer, route.body) if kind is not None))
    schemas, components = msgspec.json.schema_components([*kinds, Failure], schema_hook=_any, ref_template=_REF)
    known = dict(zip([*kinds, Failure], schemas, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.verb.lower()] = _operation(route, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "peerbus admin API", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # A Unix socket asks for no token: its mode lets nobody else in.
        "security": [{"token": []}, {}],
    }


def _operation(route: ApiRoute, known: dict[Any, dict[str, Any]]) -> dict[str, object]:
    named = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    schema = {"type": "string"} if route.media.startswith("text/") else known.get(route.answer, {})
    content = {media: {"schema": schema} for media in (route.media, *route.other_media)}
    if route.media == "text/event-stream":
        content["application/json"] = {"schema": known.get(route.answer, {})}
    failure = {"application/json": {"schema": known[Failure]}}
    fails = {400: "The request is malformed.", 401: "No token, or a wrong one.", 403: "It may not.", **route.fails}
    answers: dict[str, object] = {"200": {"description": "It is done.", "content": content}}
    for status, text in sorted(fails.items()):
        same = status == 503 and route.path == "/readyz"
        answers[str(status)] = {"description": text, "content": content if same else failure}
    operation: dict[str, object] = {
        "summary": route.text,
        "operationId": f"{route.does.__name__}",
        "x-scope": route.needs.value,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in named
        ]
        + [
            {"name": each.name, "in": "query", "description": each.text, "schema": dict(each.schema)}
            for each in route.query
        ],
        "responses": answers,
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": bool(known[route.body].get("required")),
            "content": {"application/json": {"schema": known[route.body]}},
        }
    return operation


def _any(_kind: type) -> dict[str, object]:
    """What JSON has not is its text, see `as_json`."""
    return {"type": "string"}
