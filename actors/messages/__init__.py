"""What is said, and to whom, as values: addresses, channels, capabilities, facts, answers, and what travels."""

from __future__ import annotations

from .address import (
    EVERYONE,
    LOCAL,
    Address,
    Everyone,
    GroupAddress,
    HasChannel,
    HasClassChannel,
    Local,
    Peer,
    Role,
    parse_address,
)
from .answer_encoding import decode_answer, decode_plain, encode_answer, marked, unmarked
from .answers import Expected, article, check_reply, item_misfit, may_answer, misfit, shown_kind, wrong_answer
from .capability import Capability
from .channel import (
    DEFAULT_MAILBOX,
    DEFAULT_MAILBOX_BYTES,
    DEFAULT_MAX_ELEMENTS,
    DEFAULT_TIMEOUT,
    HARD_MAX_ELEMENTS,
    HARD_MAX_MESSAGE,
    REACTOR_PATTERN,
    Channel,
    ChannelOptions,
    ChannelTuning,
    Overflow,
)
from .compression_words import COMPRESSIONS, how_to_get
from .destination import Destination
from .encoding import Answer, Unresolved, answer_of, check_answer, encoding_of
from .events import (
    FACTS,
    ActorFailed,
    ActorRestarted,
    ActorStarted,
    ActorTerminated,
    DeadLetter,
    FailedOver,
    HandlerStalled,
    PoolResized,
    ShutdownStarted,
    Terminated,
)
from .exact import class_of
from .facts import Retained
from .how import WAITS, How
from .known_channels import KnownChannels
from .message import Message
from .packed import too_many
from .picks import Key, Several, Share
from .rate import Rate
from .request import UNNAMED, Asks, Request, answer_named
from .results import QuorumFailed, Results
from .selector import ANYWHERE, Condition, Where
from .speaks import AnswerInItems, Exactly, OneAnswer, Speaks
from .stream import Stream, item_of, travels_as
from .supervision import Directive, Supervision
from .travelling import NOWHERE, HomeNode, encoder_at, read_travelling, travels
from .unkeyed_hashes import UNCHECKED

__all__ = [
    "ANYWHERE",
    "ActorFailed",
    "ActorRestarted",
    "ActorStarted",
    "ActorTerminated",
    "Address",
    "Answer",
    "AnswerInItems",
    "Asks",
    "COMPRESSIONS",
    "Capability",
    "Channel",
    "ChannelOptions",
    "ChannelTuning",
    "Condition",
    "DEFAULT_MAILBOX",
    "DEFAULT_MAILBOX_BYTES",
    "DEFAULT_TIMEOUT",
    "DeadLetter",
    "Destination",
    "Directive",
    "EVERYONE",
    "Everyone",
    "Expected",
    "FACTS",
    "FailedOver",
    "GroupAddress",
    "HasChannel",
    "HasClassChannel",
    "HomeNode",
    "How",
    "Key",
    "KnownChannels",
    "LOCAL",
    "Local",
    "Message",
    "NOWHERE",
    "Overflow",
    "Peer",
    "PoolResized",
    "QuorumFailed",
    "DEFAULT_MAX_ELEMENTS",
    "HARD_MAX_ELEMENTS",
    "Rate",
    "HARD_MAX_MESSAGE",
    "HandlerStalled",
    "REACTOR_PATTERN",
    "Request",
    "Results",
    "Retained",
    "Role",
    "Several",
    "Share",
    "ShutdownStarted",
    "Speaks",
    "Exactly",
    "OneAnswer",
    "Supervision",
    "Terminated",
    "UNNAMED",
    "Unresolved",
    "WAITS",
    "Where",
    "answer_named",
    "answer_of",
    "check_answer",
    "article",
    "check_reply",
    "class_of",
    "decode_answer",
    "decode_plain",
    "encode_answer",
    "encoder_at",
    "encoding_of",
    "how_to_get",
    "item_misfit",
    "marked",
    "may_answer",
    "misfit",
    "parse_address",
    "shown_kind",
    "too_many",
    "read_travelling",
    "travels",
    "UNCHECKED",
    "wrong_answer",
    "unmarked",
    "Stream",
    "item_of",
    "travels_as",
]
