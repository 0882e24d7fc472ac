"""What the API lets an operator do: the levers of a node, its offers and its log."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from ...actors.base import ConfigError, did_you_mean
from ...actors.messages import Capability
from ...discovery.mind import LeverResult
from ...node.logs import LEVELS, set_level
from ...node.views import NodeViews
from ..api import (
    ApiError,
    ApiRequest,
    BanBody,
    DialBody,
    DrainBody,
    PartBody,
    Permission,
    RevokeBody,
    ScoreBody,
    SizeBody,
    malformed,
)
from .route import Answers, ApiRoute

__all__ = ["STEERING"]

T = TypeVar("T")

_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(\w+)`")
_REFUSED = {409: "The lever is refused: `error` is the reason."}


def read_body(body: bytes, kind: type[T]) -> T:
    """A body as that type; without one its defaults. Raises ApiError."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, "malformed", f"{error}{_field_meant(str(error), kind)}") from None


def _field_meant(problem: str, kind: type) -> str:
    wrong = _UNKNOWN_FIELD.fullmatch(problem)
    return "" if wrong is None else did_you_mean(wrong[1], getattr(kind, "__struct_encode_fields__", ()))


async def pulled(lever: Awaitable[LeverResult]) -> LeverResult:
    """What came of a lever. Raises ApiError where it was refused."""
    result = await lever
    if not result:
        raise ApiError(409, result.reason, result.text)
    return result


async def dial(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Dial."""
    return await pulled(node.dial(read_body(request.body, DialBody).to))


async def disconnect(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Part with a peer."""
    return await pulled(node.disconnect(request.path["id"], read_body(request.body, PartBody).reason))


async def ban(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Ban."""
    body = read_body(request.body, BanBody)
    return await pulled(node.ban(request.path["target"], seconds=body.seconds, reason=body.reason))


async def unban(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Lift a ban."""
    return await pulled(node.unban(request.path["target"]))


async def forget(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Forget a peer, and where it is pinned."""
    return await pulled(node.forget(request.path["id"]))


async def persist(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Keep a connection."""
    return await pulled(node.add_persistent(request.path["endpoint"]))


async def forget_persistent(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Insist on it no longer."""
    return await pulled(node.remove_persistent(request.path["endpoint"]))


async def seed(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Add a seed."""
    return await pulled(node.add_seed(request.path["endpoint"]))


async def forget_seed(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Take a seed back."""
    return await pulled(node.remove_seed(request.path["endpoint"]))


async def score(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Fix a rank."""
    return await pulled(node.set_score(request.path["id"], read_body(request.body, ScoreBody).score))


async def free_score(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Let what it earned count again."""
    return await pulled(node.set_score(request.path["id"], None))


async def resize(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Change how many members a pool has."""
    return await pulled(node.resize(request.path["name"], read_body(request.body, SizeBody).members))


async def drain(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Empty the node."""
    return await pulled(node.drain(within=read_body(request.body, DrainBody).within))


async def undrain(node: NodeViews, _request: ApiRequest) -> LeverResult:
    """Let peers in again."""
    return await pulled(node.undrain())


async def reload_network(node: NodeViews, _request: ApiRequest) -> LeverResult:
    """Read its files anew."""
    return await pulled(node.reload_network())


async def revoke(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Take a list, and tell all peers."""
    return await pulled(node.revoke(read_body(request.body, RevokeBody).revoked.encode()))


async def offer(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Offer a role."""
    try:
        capability = Capability.parse(request.path["role"])
    except ValueError as error:
        raise malformed(error) from None
    node.offer(str(capability))
    return LeverResult(True)


async def withdraw(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Offer it no longer."""
    try:
        node.withdraw(request.path["role"])
    except ConfigError:
        raise
    except ValueError as error:
        raise ApiError(409, "not_offered", str(error)) from None
    return LeverResult(True)


async def log_level(_node: NodeViews, request: ApiRequest) -> LeverResult:
    """Say more, or less, in the log."""
    level = request.path["level"]
    if level not in LEVELS:
        raise ApiError(400, "malformed", f"a level is {', '.join(LEVELS)}, not {level[:40]!r}")
    set_level(level)
    return LeverResult(True)


def _lever(verb: str, path: str, does: Answers, text: str, body: type | None = None) -> ApiRoute:
    return ApiRoute(verb, path, does, text, LeverResult, body, needs=Permission.WRITE, fails=_REFUSED)


STEERING = (
    _lever("POST", "/v1/dials", dial, "Keep a connection to an endpoint, or dial a known peer at once.", DialBody),
    _lever("DELETE", "/v1/peers/{id}", disconnect, "Part with a peer.", PartBody),
    _lever("PUT", "/v1/bans/{target}", ban, "Ban a node id, an address or a network.", BanBody),
    _lever("DELETE", "/v1/bans/{target}", unban, "Lift a ban."),
    _lever("DELETE", "/v1/pins/{id}", forget, "Forget a peer, and the addresses where no other is taken."),
    _lever("PUT", "/v1/persistent/{endpoint}", persist, "Dial an endpoint for ever, and keep a slot for it."),
    _lever("DELETE", "/v1/persistent/{endpoint}", forget_persistent, "Insist on an endpoint no longer."),
    _lever("PUT", "/v1/seeds/{endpoint}", seed, "Dial an endpoint when nobody else is left."),
    _lever("DELETE", "/v1/seeds/{endpoint}", forget_seed, "Take a seed back."),
    _lever("PUT", "/v1/network", reload_network, "Read the files of the network's rules anew: all count, or none."),
    _lever("POST", "/v1/revocations", revoke, "Take a list of revoked certificates, and tell all peers.", RevokeBody),
    _lever("PUT", "/v1/offers/{role}", offer, "Offer a capability: `archive`, or `archive{from=1000}`."),
    _lever("DELETE", "/v1/offers/{role}", withdraw, "Offer a role no longer."),
    _lever("PUT", "/v1/peers/{id}/score", score, "Fix the rank of a peer.", ScoreBody),
    _lever("DELETE", "/v1/peers/{id}/score", free_score, "Let what a peer earned be its rank again."),
    _lever("PUT", "/v1/pools/{name}", resize, "Change how many members a pool has.", SizeBody),
    _lever("PUT", "/v1/drain", drain, "Empty this node.", DrainBody),
    _lever("DELETE", "/v1/drain", undrain, "Let peers in again."),
    _lever("PUT", "/v1/log/{level}", log_level, "Log from this level up."),
)
