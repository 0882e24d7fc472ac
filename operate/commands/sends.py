"""`peerbus tell` and `peerbus ask`: one message, through the running node, or as a guest in its network."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ...actors.base import ConfigError, printable
from ...actors.messages import LOCAL, GroupAddress, parse_address
from ..api import ApiError, ApiRequest, AskAnswer, Failure, GroupAnswers, SendBody, Sent, as_json
from ..client import AdminClient, RequestRefused
from .node_command import NodeCommand
from .peer_ids import short_id
from .terminal import Terminal
from .units import seconds_in

if TYPE_CHECKING:
    from ...node import Node
    from ...node.views import NodeViews

__all__ = ["ASK", "TELL"]

T = TypeVar("T")

#: The exit status where not all of several peers took a message, or answered.
SOME_FAILED = 1
#: How a node ends what it says of nobody, to programs, and what a shell writes for that.
_PROGRAMS_WAIT, _FLAG_WAITS = "tell, ask and stream wait for one with wait_for_peer=True", "--wait waits for one"


async def _tell(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    body = _body(options)
    sent = await _by_flags(node.tell(body.to, body.type, body.message, body.timeout, wait_for_peer=body.wait_for_peer))
    return _say_sent(sent, options, terminal)


async def _ask(node: AdminClient, options: argparse.Namespace, terminal: Terminal) -> int:
    body = _body(options)
    answer = await _by_flags(node.ask(body.to, body.type, body.message, body.timeout, wait_for_peer=body.wait_for_peer))
    return _say_answer(answer, options, terminal)


async def _by_flags(sending: Awaitable[T]) -> T:
    """What comes of it. A refusal says what to do by flags."""
    try:
        return await sending
    except RequestRefused as error:
        text = str(error).replace(_PROGRAMS_WAIT, _FLAG_WAITS)
        raise RequestRefused(text, status=error.status, reason=error.reason) from error


async def _tell_as_guest(options: argparse.Namespace, terminal: Terminal) -> int:
    from ..admin import tell as tell_by  # here: a node that runs is asked without one

    return _say_sent(await _as_guest(options, tell_by), options, terminal)


async def _ask_as_guest(options: argparse.Namespace, terminal: Terminal) -> int:
    from ..admin import ask as ask_by

    answered = await _as_guest(options, ask_by)
    return _say_answer(msgspec.json.decode(answered.body, type=AskAnswer).answer, options, terminal)


async def _as_guest(options: argparse.Namespace, send: Callable[[NodeViews, ApiRequest], Awaitable[T]]) -> T:
    """What came of it. Raises RequestRefused, as where a running node is asked."""
    from .guest import guest_of

    body = _guests(options)
    async with guest_of(options.join) as node:
        try:
            return await send(node, await _request(node, body))
        except ApiError as error:
            raise _refusal(error) from None


def _say_sent(sent: Sent, options: argparse.Namespace, terminal: Terminal) -> int:
    if options.json:
        terminal.say_json(sent, indent=0)
    else:
        count = len(sent.peers)
        many = f" to {count} peer{'' if count == 1 else 's'}" if sent.peers or sent.failed else ""
        terminal.say(f"handed over{many}")
    return _say_failed(sent.failed, options)


def _say_answer(answer: object, options: argparse.Namespace, terminal: Terminal) -> int:
    terminal.say_json(answer, indent=0 if options.json else 2)
    if not _is_group(options.to):
        return 0
    return _say_failed(msgspec.convert(answer, GroupAnswers).errors, options)


def _say_failed(failed: dict[str, Failure], options: argparse.Namespace) -> int:
    for peer, failure in failed.items():
        sys.stderr.write(f"{options.prog}: {short_id(peer)}: {printable(failure.text)}\n")
    return SOME_FAILED if failed else 0


def _is_group(to: str) -> bool:
    return isinstance(parse_address(to), GroupAddress)


def _guests(options: argparse.Namespace) -> SendBody:
    """What a guest sends: whoever is to answer is not there yet. Raises ConfigError for the guest's own address."""
    body = _body(options)
    if parse_address(body.to).where == LOCAL:
        raise ConfigError(f"{body.to} is the guest itself, which runs nothing: write bus://role:… or bus://<node id>/…")
    return msgspec.structs.replace(body, wait_for_peer=True)


async def _request(node: Node, body: SendBody) -> ApiRequest:
    """As a guest asks itself, within the time that is left once those are there whom it can find."""
    from .guest import settled

    if _is_group(body.to):
        now = asyncio.get_running_loop().time
        begun = now()
        await settled(node, body.timeout)
        body = msgspec.structs.replace(body, timeout=body.timeout - (now() - begun))
    return ApiRequest("POST", {}, {}, {}, as_json(body))


def _refusal(error: ApiError) -> RequestRefused:
    return RequestRefused(error.failure.text, status=error.status, reason=error.failure.error)


def _body(options: argparse.Namespace) -> SendBody:
    """What is written. Raises ConfigError where that cannot be."""
    try:
        parse_address(options.to)
    except ValueError as error:
        raise ConfigError(f"ADDRESS is {error}") from None
    text = sys.stdin.read() if options.message == "-" else options.message
    try:
        message = msgspec.json.decode(text.encode(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError(f"MESSAGE is no JSON object: {error}; write it as '{{\"height\": 7}}'") from None
    return SendBody(options.to, options.type, message, seconds_in("--timeout", options.timeout), options.wait)


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("to", metavar="ADDRESS", help="bus://role:archive/blocks, bus://<node id>/blocks, bus://local/blocks, …")
    add("type", metavar="TYPE", help="the name of a message of that channel: GetBlock")
    add(
        "message",
        metavar="MESSAGE",
        nargs="?",
        default="{}",
        help="its fields as JSON; -: read them from standard input",
    )
    add("--wait", action="store_true", help="where nobody is there for the address, wait for a peer; for no answer")
    add("--join", metavar="CONFIG", type=Path, help="go into the network of this configuration, as a guest")


#: A tell has no answer (docs/wire.md).
_HANDED_OVER = """\
A tell has no answer: "handed over" says that the message is in the mailbox of the reactor here, or on its way to the
peer. What the peer does not let this node tell it has said before: that is refused here, not_allowed. What it refuses
in the moment in which its rules change, or as its program is an older one, is in `peerbus ledger` of both.

"""
_TEXT = """\
It is the running node that sends, which its log says; --timeout is the time that the message has. With --join this
command is a node of its own for that moment: with the network, the seeds, the peers and the channels of the
configuration, an identity that it throws away, listening nowhere and offering nothing. It waits for a peer that answers
to the address. An address of several peers is of those that it has found when for a second nobody new has come and
nobody is being dialed, at most half of --timeout. Where one of them fails, that is exit status 1."""

TELL = NodeCommand(
    _tell,
    _arguments,
    "peerbus tell 'bus://role:archive/blocks' Forget '{\"height\": 7}'\n"
    "echo '{\"height\": 7}' | peerbus tell bus://local/blocks Forget -",
    _HANDED_OVER + _TEXT,
    "what came of it, in one line of JSON",
    alone=_tell_as_guest,
)
ASK = NodeCommand(
    _ask,
    _arguments,
    "peerbus ask 'bus://role:archive/blocks' GetBlock '{\"height\": 7}'\n"
    "peerbus ask --join alice.toml 'bus://role:archive/blocks' GetBlock '{\"height\": 7}'\n"
    "peerbus ask 'bus://role:archive/blocks?pick=all' GetBlock '{\"height\": 7}'",
    _TEXT,
    "the answer in one line",
    alone=_ask_as_guest,
)
