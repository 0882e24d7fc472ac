"""Sending through a node: a message as JSON, by an address and the name of its type, checked by its channel."""

from __future__ import annotations

from typing import Any

import msgspec

from ..actors.base import DeadlineExceeded, MessageTypeError, NoRoute, NoSuchReactor, PeerGone, RemoteError, SendError
from ..actors.messages import Address, GroupAddress, encoding_of, parse_address
from ..node.views import NodeViews
from .exchange import ApiAnswer, ApiError, ApiRequest, Permission, as_json
from .route import ApiRoute
from .steering import read_body

__all__ = ["SENDING"]

#: Seconds that a send waits, where nobody says.
PATIENCE = 10.0
#: Seconds that it may wait at most.
MOST_PATIENCE = 300.0


class SendBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`to`: an address, `bus://role:archive/blocks`; `type`: a message of its channel; `message`: the fields."""

    to: str
    type: str
    message: dict[str, object] = {}
    timeout: float = PATIENCE


class AskAnswer(msgspec.Struct, frozen=True):
    """What came back: its fields, as JSON has them."""

    answer: object


class Sent(msgspec.Struct, frozen=True):
    """It was taken by a mailbox here, or has a peer's credit."""

    sent: bool = True


async def tell(node: NodeViews, request: ApiRequest) -> Sent:
    """Tell."""
    to, message, timeout = read_send(node, request.body)
    try:
        await node.bus.tell(to, message, timeout=timeout)
    except SendError as error:
        raise failed(error) from None
    return Sent()


async def ask(node: NodeViews, request: ApiRequest) -> ApiAnswer:
    """Ask."""
    to, message, timeout = read_send(node, request.body)
    try:
        answer: object = await node.bus.ask(to, message, timeout=timeout)
    except (SendError, RemoteError) as error:
        raise failed(error) from None
    try:
        return ApiAnswer(200, b'{"answer":' + as_json(answer) + b"}")
    except (TypeError, ValueError, RecursionError) as error:
        raise ApiError(502, "no_json", f"the answer, a {type(answer).__name__}, is nothing for JSON: {error}") from None


def read_send(node: NodeViews, body: bytes) -> tuple[Address[Any] | GroupAddress[Any], object, float]:
    """What is to be sent, to whom, and how long that may take. Raises ApiError where that cannot be."""
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
        known = ", ".join(sorted(node.bus.channels)) or "none"
        raise ApiError(404, "unknown_channel", f"this node knows no channel {to.reactor[:80]!r}; it knows {known}")
    kinds: dict[str, type] = {each.__name__: each for each in channel.messages}
    kind = kinds.get(wanted.type)
    if kind is None:
        text = f"{channel.name} has no message {wanted.type[:80]!r}; it has {', '.join(sorted(kinds))}"
        raise ApiError(400, "message_type", text)
    try:
        message: object = msgspec.json.decode(msgspec.json.encode(wanted.message), type=kind)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise ApiError(400, "message_type", f"no {wanted.type}: {error}") from None
    problem = encoding_of(kind).why_not(message)
    if problem is not None:
        raise ApiError(400, "message_type", problem)
    return to, message, wanted.timeout


def failed(error: SendError | RemoteError) -> ApiError:
    """What a send that failed is answered with: its reason is the word."""
    if isinstance(error, RemoteError):
        return ApiError(502, "handler_failed", str(error))
    match error:
        case DeadlineExceeded():
            status = 504
        case NoRoute() | NoSuchReactor():
            status = 404
        case MessageTypeError():
            status = 400
        case PeerGone():
            status = 502
        case _:
            status = 503
    return ApiError(status, error.reason, str(error))


_FAILS = {
    400: "It is malformed, or no such message.",
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
