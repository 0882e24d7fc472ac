"""The table of what can be asked: verbs and paths, and what each needs, takes and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ...node.views import NodeViews
from ..api import ApiAnswer, ApiError, ApiRequest, Permission, Streamed

__all__ = ["ApiRoute", "QueryField", "RouteTable", "split_target"]

#: What answers: a value for JSON, or a whole answer.
Answers = Callable[[NodeViews, ApiRequest], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class QueryField:
    """A field of the query: `schema` is its JSON schema."""

    name: str
    text: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One operation. `path` has `{name}` for what differs; `answer` and `body` are types, None where there is none."""

    verb: str
    path: str
    does: Answers
    text: str
    answer: Any = None
    body: Any = None
    query: Sequence[QueryField] = ()
    needs: Permission = Permission.READ
    #: Statuses beside 200 that it may answer with, and what they mean.
    fails: Mapping[int, str] = field(default_factory=dict)
    #: What its answer is, where it is no JSON.
    media: str = "application/json"
    #: What else a caller may prefer by `Accept`.
    other_media: Sequence[str] = ()

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """The named parts of a path that is this route's; None for another path."""
        own = self.path.strip("/").split("/")
        if len(own) != len(parts):
            return None
        found: dict[str, str] = {}
        for mine, theirs in zip(own, parts, strict=True):
            if mine.startswith("{"):
                found[mine[1:-1]] = unquote(theirs)
            elif mine != theirs:
                return None
        return found


class RouteTable:
    """Finds the route of a request."""

    def __init__(self, routes: Sequence[ApiRoute]) -> None:
        self.routes = tuple(routes)

    def find(self, verb: str, path: str) -> tuple[ApiRoute, dict[str, str]]:
        """The route, and the parts of the path that it names. Raises ApiError: 404, or 405 with what is allowed."""
        parts = path.strip("/").split("/")
        allowed = []
        for route in self.routes:
            found = route.match(parts)
            if found is not None:
                if route.verb == verb:
                    return route, found
                allowed.append(route.verb)
        if allowed:
            raise ApiError(405, "method", f"{path[:100]} takes {', '.join(allowed)}, not {verb[:20]}")
        raise ApiError(404, "not_found", f"there is no {path[:100]}: /openapi.json says what there is")


def split_target(target: str) -> tuple[str, dict[str, str]]:
    """The path and the query of a request's target. Raises ApiError where the query is malformed."""
    path, _, query = target.partition("?")
    fields: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        name = unquote(name.replace("+", " "))
        if name in fields:
            raise ApiError(400, "malformed", f"{name[:40]} stands twice in the query")
        fields[name] = unquote(value.replace("+", " "))
    return path, fields


async def answer(route: ApiRoute, node: NodeViews, request: ApiRequest) -> ApiAnswer | Streamed:
    """What a route answers, as what is sent."""
    unknown = request.query.keys() - {each.name for each in route.query}
    if unknown:
        known = ", ".join(each.name for each in route.query) or "nothing"
        raise ApiError(400, "malformed", f"the query has {min(unknown)[:40]!r}; it may have {known}")
    value = await route.does(node, request)
    return value if isinstance(value, ApiAnswer | Streamed) else ApiAnswer.of(value)
