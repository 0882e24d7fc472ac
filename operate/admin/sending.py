"""Sending through a node: a message as JSON, by an address and the name of its type, checked by its channel."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from ...actors.base import (
    DeadlineExceeded,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    NotAllowed,
    PeerGone,
    RemoteError,
    SendError,
    did_you_mean,
)
from ...actors.messages import Address, GroupAddress, Results, encoding_of, parse_address, read_travelling
from ...node.views import NodeViews
from ..api import (
    ApiAnswer,
    ApiError,
    ApiRequest,
    AskAnswer,
    Failure,
    GroupAnswers,
    Permission,
    SendBody,
    Sent,
    as_json,
)
from .route import ApiRoute
from .steering import read_body

__all__ = ["SENDING"]

#: Seconds that it may wait at most.
MOST_PATIENCE = 300.0


async def tell(node: NodeViews, request: ApiRequest) -> Sent:
    """Tell."""
    to, message, wanted = read_send(node, request.body)
    try:
        # `to` is of one or of several.
        done: object = await node.bus.tell(to, message, timeout=wanted.timeout, wait_for_peer=wanted.wait_for_peer)
    except SendError as error:
        raise failed(error) from None
    if not isinstance(done, Results):
        return Sent(True)
    group = _group_of(cast("Results[object]", done))
    return Sent(bool(group.answers), tuple(group.answers), group.errors)


async def ask(node: NodeViews, request: ApiRequest) -> ApiAnswer:
    """Ask."""
    to, message, wanted = read_send(node, request.body)
    try:
        answer: object = await node.bus.ask(to, message, timeout=wanted.timeout, wait_for_peer=wanted.wait_for_peer)
    except (SendError, RemoteError) as error:
        raise failed(error) from None
    if isinstance(answer, Results):
        answer = _group_of(answer)
    try:
        return ApiAnswer(200, b'{"answer":' + as_json(answer) + b"}")
    except (TypeError, ValueError, RecursionError) as error:
        raise ApiError(502, "no_json", f"the answer, a {type(answer).__name__}, is nothing for JSON: {error}") from None


def read_send(node: NodeViews, body: bytes) -> tuple[Address[Any] | GroupAddress[Any], object, SendBody]:
    """To whom what is to be sent, and how that is said. Raises ApiError where that cannot be."""
    wanted = read_body(body, SendBody)
    if not 0 < wanted.timeout <= MOST_PATIENCE:
        raise ApiError(
            400, "malformed", f"timeout is {wanted.timeout}; write seconds above 0, at most {MOST_PATIENCE:g}"
        )
    try:
        to = parse_address(wanted.to)
    except ValueError as error:
        raise ApiError(400, "malformed", str(error)) from None
    channel = node.bus.channels.get(to.reactor)
    if channel is None:
        known = sorted(node.bus.channels)
        text = f"this node knows no channel {to.reactor[:80]!r}; it knows {', '.join(known) or 'none'}"
        raise ApiError(404, "unknown_channel", f"{text}{did_you_mean(to.reactor, known)}")
    kinds: dict[str, type] = {each.__name__: each for each in channel.messages}
    kind = kinds.get(wanted.type)
    if kind is None:
        text = f"{channel.name} has no message {wanted.type[:80]!r}; it has {', '.join(sorted(kinds))}"
        raise ApiError(400, "message_type", f"{text}{did_you_mean(wanted.type, kinds)}")
    try:
        message: object = msgspec.json.decode(msgspec.json.encode(wanted.message), type=kind, dec_hook=read_travelling)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise ApiError(400, "message_type", f"no {wanted.type}: {error}") from None
    problem = encoding_of(kind).why_not(message)
    if problem is not None:
        raise ApiError(400, "message_type", problem)
    return to, message, wanted


def failed(error: SendError | RemoteError) -> ApiError:
    """What a send that failed is answered with: its reason is the word."""
    if isinstance(error, RemoteError):
        return ApiError(502, reason_of(error), str(error))
    match error:
        case DeadlineExceeded():
            status = 504
        case NoRoute() | NoSuchReactor():
            status = 404
        case NotAllowed():
            status = 403
        case MessageTypeError():
            status = 400
        case PeerGone():
            status = 502
        case _:
            status = 503
    return ApiError(status, reason_of(error), str(error))


def _group_of(results: Results[object]) -> GroupAnswers:
    errors = {peer: Failure(reason_of(error), str(error)) for peer, error in results.errors.items()}
    return GroupAnswers(results.answers, errors, results.abandoned)


def reason_of(error: Exception) -> str:
    """A short word for why a send failed."""
    return error.reason if isinstance(error, SendError) else "handler_failed"


_FAILS = {
    400: "It is malformed, or no such message.",
    403: "The peer does not let this node send that there.",
    404: "Nobody answers to the address, or the channel is not known.",
    502: "The peer has gone, or the handler failed.",
    503: "It is not taken now.",
    504: "Its deadline came first.",
}
SENDING = (
    ApiRoute("POST", "/v1/tell", tell, "Send a message, as this node.", Sent, SendBody, (), Permission.WRITE, _FAILS),
    ApiRoute(
        "POST", "/v1/ask", ask, "Send a message, and get the answer.", AskAnswer, SendBody, (), Permission.WRITE, _FAILS
    ),
)
