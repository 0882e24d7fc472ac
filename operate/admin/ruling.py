"""What the API tells of the rules for peers, and lets an operator make of them: permissions and rates."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.messages import REACTOR_PATTERN, Capability, Rate
from ...discovery.mind import LeverResult
from ...node.views import NodeViews
from ...transports.rules import Allow, PeerRates, Permissions
from ..api import AllowBody, ApiRequest, Permission, PermissionsBody, RateBody, RatesBody, malformed
from .route import ApiRoute
from .steering import pulled, read_body

__all__ = ["RULING"]


async def permissions(node: NodeViews, _request: ApiRequest) -> PermissionsBody:
    """Who may do what."""
    rules = node.permissions
    channels = {
        name: AllowBody(
            None if allow.tell is None else allow.tell.texts, None if allow.ask is None else allow.ask.texts
        )
        for name, allow in sorted(rules.channels.items())
    }
    roles = {role: who.texts for role, who in sorted(rules.roles.items())}
    return PermissionsBody(rules.tell.texts, rules.ask.texts, rules.offer.texts, channels, roles)


async def set_permissions(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Let peers do this, and no more."""
    body = read_body(request.body, PermissionsBody)
    try:
        _check_channels(body.channels)
        for role in body.roles:
            Capability(role)
        channels = {name: Allow(tell=allow.tell, ask=allow.ask) for name, allow in body.channels.items()}
        rules = Permissions(tell=body.tell, ask=body.ask, offer=body.offer, channels=channels, roles=body.roles)
    except ValueError as error:
        raise malformed(error) from None
    return await pulled(node.set_permissions(rules))


async def rates(node: NodeViews, _request: ApiRequest) -> RatesBody:
    """How much each may send."""
    found = node.rates
    channels = {name: _told(rate) for name, rate in sorted(found.channels.items())}
    return RatesBody(None if found.each is None else _told(found.each), channels)


async def set_rates(node: NodeViews, request: ApiRequest) -> LeverResult:
    """Say how much each peer may send."""
    body = read_body(request.body, RatesBody)
    try:
        _check_channels(body.channels)
        channels = {name: _taken(rate) for name, rate in body.channels.items()}
        found = PeerRates(None if body.each is None else _taken(body.each), channels)
    except ValueError as error:
        raise malformed(error) from None
    return await pulled(node.set_rates(found))


def _told(rate: Rate) -> RateBody:
    return RateBody(rate.messages, rate.messages_burst, rate.bytes, rate.bytes_burst, rate.asks)


def _taken(body: RateBody) -> Rate:
    return Rate(
        messages=body.messages,
        messages_burst=body.messages_burst,
        bytes=body.bytes,
        bytes_burst=body.bytes_burst,
        asks=body.asks,
    )


def _check_channels(channels: Mapping[str, object]) -> None:
    for name in channels:
        if not REACTOR_PATTERN.fullmatch(name):
            raise ValueError(
                f"{name[:80]!r} is no name of a channel: lower-case letters, digits, '.', '_', '-'; at most 63"
            )


_WRITES = Permission.WRITE
RULING = (
    ApiRoute("GET", "/v1/permissions", permissions, "Who may tell, ask and offer what.", PermissionsBody),
    ApiRoute(
        "PUT", "/v1/permissions", set_permissions, "Let peers do this from now on, and no more.",
        LeverResult, PermissionsBody, needs=_WRITES,
    ),
    ApiRoute("GET", "/v1/rates", rates, "How much each peer may send.", RatesBody),
    ApiRoute(
        "PUT", "/v1/rates", set_rates, "Say how much each peer may send from now on.",
        LeverResult, RatesBody, needs=_WRITES,
    ),
)  # fmt: skip
